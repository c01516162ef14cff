"""GAP needs far fewer parameters.

Statement: GlobalAveragePooling2D takes the large dense layer away: on a map of 7×7×512, Flatten with 1000 classes needs
about 25 million weights, while ResNet-50 with GAP needs about 2 million after its 2048 channels; on a map of 10×10×32
with two classes it is 6,400 against 64.

Protocol: Heads GAP, Flatten, and FC as VGG has it, counted by arithmetic on the networks of the catalog at the size
that each was published for.

Measure: Parameters of the head, counted by arithmetic (tests compare with Keras), and their share of the whole network.

Rule: Are the numbers of the statement right, each to the digits it is quoted with? Does GAP's head need less than a
tenth of Flatten's on every network whose last map has more than ten positions? All yes: holds; all no: does not hold;
else it holds in part. It is arithmetic, so there is no interval.

Overturned by: A count by Keras that differs from these.

Does not show: That fewer parameters are better, faster or more accurate: other claims ask that. The statement compares
a map of 512 channels with one of 2048, two things at once; on one backbone the ratio is the number of positions.

Source: Lin, Chen and Yan 2013, arXiv 1312.4400; Zhou et al. 2015, arXiv 1512.04150; teaching texts.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from tfpool.counting.plan import plan
from tfpool.lab.figure import Figure, Series
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.statistics import format_value
from tfpool.lab.verdict import NO, YES, Judgement, verdict
from tfpool.networks.catalog import CATALOG
from tfpool.networks.heads import FC, GAP, Flatten

if TYPE_CHECKING:
    from tfpool.lab.laboratory import Laboratory

HEADS = {"gap": GAP(), "flatten": Flatten(), "fc": FC()}
NAMES = {"gap": "GAP", "flatten": "Flatten", "fc": "FC"}
TENTH = 10
SCALES = {
    "quick": Scale(seeds=0, levels=("convnet", "resnet20", "alexnet", "vgg16", "resnet50")),
    "full": Scale(seeds=0, levels=tuple(CATALOG)),
}
"""Levels are networks."""
_QUOTED = (
    ("Flatten", "weights after 7×7×512 to 1000 classes", (7, 7, 512), 1000, "flatten", 25_000_000, 1_000_000),
    ("GAP", "weights after 7×7×2048 to 1000 classes", (7, 7, 2048), 1000, "gap", 2_000_000, 1_000_000),
    ("Flatten", "weights after 10×10×32 to 2 classes", (10, 10, 32), 2, "flatten", 6400, 1),
    ("GAP", "weights after 10×10×32 to 2 classes", (10, 10, 32), 2, "gap", 64, 1),
)
"""The numbers of the statement, each with the unit that it is rounded to."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    measured: list[Record] = [
        # A dense layer has one bias per class beside its weights.
        {
            "quoted": number,
            "to": digit,
            "what": f"{name}: {what}",
            "counted": HEADS[head].params(shape, classes) - classes,
        }
        for name, what, shape, classes, head, number, digit in _QUOTED
    ]
    for done, network in enumerate(scale.levels):
        laboratory.on_progress(done, len(scale.levels))
        counts = {name: plan(network, head) for name, head in HEADS.items()}
        one = counts["gap"]
        measured.append(
            {
                "network": network,
                "map": list(one.feature_shape),
                "backbone": one.backbone_params,
                **{name: each.head_params for name, each in counts.items()},
            }
        )
    return measured


def judge(records: Sequence[Record]) -> Judgement:
    quoted = [each for each in records if "quoted" in each]
    networks = [each for each in records if "network" in each]
    right = [round(each["counted"] / each["to"]) == round(each["quoted"] / each["to"]) for each in quoted]
    ratios = {each["network"]: each["flatten"] / each["gap"] for each in networks}
    wide = [each for each in networks if each["map"][0] * each["map"][1] > TENTH]
    questions = {
        f"the {len(right)} numbers of the statement are right": right,
        f"GAP's head needs less than a tenth of Flatten's on all {len(wide)} networks": [
            ratios[each["network"]] > TENTH for each in wide
        ],
    }
    largest = max(networks, key=lambda each: each["flatten"])
    named = [each for each in networks if each["network"] in SCALES["quick"].levels]
    return Judgement(
        verdict(YES if answer else NO for answers in questions.values() for answer in answers),
        f"Over {len(wide)} networks Flatten's head has {min(ratios[each['network']] for each in wide):.0f} to "
        f"{max(ratios.values()):.0f} times the parameters of GAP's: as many times as the last map has positions. On "
        f"{largest['network']} it is {largest['flatten']:,} against {largest['gap']:,}.",
        [],
        ("network", "last map", "backbone", *NAMES.values(), "Flatten / GAP", "share of Flatten's head"),
        [
            *((each["what"], "–", "–", *_counted(each), "–", "–") for each in quoted),
            *(
                (
                    each["network"],
                    "×".join(map(str, each["map"])),
                    f"{each['backbone']:,}",
                    *(f"{each[name]:,}" for name in NAMES),
                    format_value(ratios[each["network"]], "ratio"),
                    f"{each['flatten'] / (each['flatten'] + each['backbone']):.0%}",
                )
                for each in networks
            ),
        ],
        [
            Figure(
                "Parameters of the head, as published otherwise",
                "network",
                "parameters",
                [
                    Series(NAMES[name], [each["network"] for each in named], [each[name] for each in named], head=name)
                    for name in NAMES
                ],
                kind="bar",
                percent=False,
                log=True,
            )
        ],
        {question: YES if all(answers) else NO for question, answers in questions.items()},
    )


def _counted(record: Record) -> tuple[str, str, str]:
    cell = f"{record['counted']:,}"
    return (cell, "–", "–") if record["what"].startswith("GAP") else ("–", cell, "–")
