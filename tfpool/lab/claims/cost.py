"""GAP saves compute and memory.

Statement: With fewer parameters after the last convolution, a network with GlobalAveragePooling2D computes less,
answers faster and takes less memory than with Flatten, or with the hidden dense layers that it replaced.

Protocol: VGG-16 and ResNet-50 at 224×224 pixels and 1000 classes, and AlexNet, each under GAP, Flatten and FC (two
hidden layers of 4096). Each network and head in a process of its own with one thread, one image at a time, five
processes of each in turn, so that whatever else the machine does meets all heads.

Measure: Multiply-adds by arithmetic. Latency: the median time of 10 forward passes of a process. Memory: what a process
holds once the network is built and has run, above what it held with TensorFlow loaded.

Rule: For each network and each of Flatten and FC, three questions: are the multiply-adds, the latency, and the memory
1.1 times those of GAP or more? Ratios of processes of one turn, an interval that lies wholly on one side answers; the
multiply-adds are arithmetic. All yes: holds; all no: does not hold; some yes: holds in part; else it is not decided.

Overturned by: Latencies within a tenth for the heads that VGG and AlexNet were published with.

Does not show: Batches, training, or GPUs, where reading the weights of a dense layer is a larger share of the time. Nor
how much memory is needed at the least: a process holds what making the weights left behind, which an allocator may give
back or not, so on another day and machine of this kind the memory was about half and the ratios were smaller. The
memory of the weights alone, beside it, is arithmetic.

Source: Lin, Chen and Yan 2013, arXiv 1312.4400; He et al. 2015, arXiv 1512.03385, on VGG's cost.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from statistics import median
from typing import TYPE_CHECKING

from tfpool.counting.plan import plan
from tfpool.lab.figure import Figure
from tfpool.lab.latency import measure_latency
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import by_head, compare, levels, mean, select
from tfpool.lab.statistics import Effect, bootstrapped
from tfpool.lab.verdict import NO, YES, Judgement, above, verdict, with_answers

if TYPE_CHECKING:
    from tfpool.lab.laboratory import Laboratory

NAMES = {"gap": "GAP", "flatten": "Flatten", "fc": "FC"}
DEARER = 1.1
PASSES = 10
_FLOAT = 4
"""Bytes of a float32."""
SCALES = {
    "quick": Scale(seeds=2, levels=("alexnet",)),
    "full": Scale(levels=("alexnet", "vgg16", "resnet50")),
}
"""Levels are networks; a seed is a turn of processes."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    wanted = [(turn, network, head) for turn in range(scale.seeds) for network in scale.levels for head in NAMES]
    records: list[Record] = []
    for turn, network, head in wanted:
        laboratory.on_progress(len(records), len(wanted))
        counted = plan(network, head)
        of = {"network": network, "head": head, "seed": turn, "params": counted.params, "macs": counted.macs}
        name = f"{network}-{head}-{turn}"
        records.append({**of, **laboratory.once(name, partial(measure_latency, network, head, PASSES))})
    return records


def _latency(record: Record) -> float:
    return median(record["seconds"])


def judge(records: Sequence[Record]) -> Judgement:
    networks = levels(records, "network")
    effects: list[Effect] = []
    answers, rows = [], []
    most_macs = 0.0
    arithmetic: dict[str, str] = {}
    for network in networks:
        of = {head: {"network": network, "head": head} for head in NAMES}
        counts = {head: select(records, **where)[0] for head, where in of.items()}
        macs = {head: counts[head]["macs"] / counts["gap"]["macs"] for head in NAMES}
        most_macs = max(most_macs, *macs.values())
        for head, where in of.items():
            passes = [1000 * seconds for record in select(records, **where) for seconds in record["seconds"]]
            latency = bootstrapped(f"passes of {network} with {head}", passes, "number")
            rows.append(
                (
                    network,
                    NAMES[head],
                    f"{counts[head]['params']:,}",
                    f"{macs[head]:.3f}×",
                    f"{latency.value:.1f} ms ({latency.low:.1f} to {latency.high:.1f})",
                    f"{counts[head]['params'] * _FLOAT / 1e6:,.0f} MB",
                    f"{mean(records, 'bytes', 'number', **where).value / 1e6:,.0f} MB",
                )
            )
        for head in ("flatten", "fc"):
            question = f"{NAMES[head]} takes {DEARER} times GAP's multiply-adds on {network}"
            arithmetic[question] = YES if macs[head] >= DEARER else NO
            for words, measure in (("latency", _latency), ("memory", "bytes")):
                name = f"{words}: {NAMES[head]} / GAP, {network}"
                effects.append(compare(name, records, measure, of[head], of["gap"], "ratio"))
                answers.append(above(effects[-1], DEARER))
    figures = [
        Figure(title, "network", unit, by_head(records, NAMES, measure, "network", "number"), "bar", percent=False)
        for title, unit, measure in (
            ("Latency of one image", "milliseconds", lambda record: 1000 * _latency(record)),
            ("Memory of the process", "megabytes", lambda record: record["bytes"] / 1e6),
        )
    ]
    named = {effect.name: effect for effect in effects}
    compared = [
        f"{NAMES[head]} takes {named[f'latency: {NAMES[head]} / GAP, {network}']} the time and "
        f"{named[f'memory: {NAMES[head]} / GAP, {network}'].value:.1f} times the memory on {network}"
        for network in dict.fromkeys((networks[0], networks[-1]))
        for head in ("flatten", "fc")
    ]
    return Judgement(
        verdict([*answers, *arithmetic.values()]),
        f"Compared with GAP, {'; '.join(compared)}. Multiply-adds are at most {most_macs:.2f} times those with GAP.",
        with_answers(effects, answers),
        ("network", "head", "parameters", "MACs over GAP's", "latency", "weights", "memory"),
        rows,
        figures,
        arithmetic,
    )
