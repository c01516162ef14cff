"""GAP converges more slowly.

Statement: With GlobalAveragePooling2D the convolutions have to do all the work, so training takes longer until a given
accuracy is reached than with Flatten, or with hidden dense layers.

Protocol: Three ways of training on Fashion-MNIST: a small network with local pooling (convnet, 4,000 images, 20
epochs), a residual one (resnet8, 1,000 images, 12 epochs), and heads alone on the features of SqueezeNet with
ImageNet's weights, images brought to 96 pixels (2,000 images, 20 epochs). Heads GAP, Flatten, and FC (a hidden layer of
128 with dropout 0.5). Adam at a constant learning rate, tuned for each head over one grid by the validation accuracy at
the end, with a seed that is not measured.

Measure: How many epochs it takes until the accuracy on 2,000 validation images reaches 60, 70, 75 and 80 %,
interpolated between epochs, the first from chance; the same in steps and in seconds. Seconds are of training and of the
validation after each epoch, without the features of the frozen network, which are computed once for all heads. Runs
that never get there count with all their epochs, which only bounds the ratio.

Rule: For each way, the epochs that GAP takes to 75 % are divided by those of Flatten, and by those of FC, seed by seed.
The answer is yes where the whole 95 % interval of the ratio lies above 1.1, no where it lies below. It can be yes only
if the other head gets there in every run, and no only if GAP does. All yes: holds; all no: does not hold; some yes:
holds in part; else it is not decided.

Overturned by: Ratios below 1.1 under another optimizer, or with normalisation in the network.

Does not show: Which head ends higher: curves cross. It does not show larger data sets either.

Source: Lin, Chen and Yan 2013, arXiv 1312.4400, has no curve of it; blog articles say it without one.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

from tfpool.lab.cells import COMPARED, Cell
from tfpool.lab.figure import Figure
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import compare, levels, line, means, select
from tfpool.lab.statistics import Effect
from tfpool.lab.verdict import OPEN, YES, Judgement, above, verdict, with_answers
from tfpool.tracking.results import positions
from tfpool.tracking.store import Run
from tfpool.training.recipe import Recipe

NAMES = {"gap": "GAP", "flatten": "Flatten", "fc": "FC with dropout"}
TARGETS = (0.6, 0.7, 0.75, 0.8)
DECIDING = 0.75
CHANCE = 1 / 10
SLOWER = 1.1
"""Smallest ratio of epochs that counts as slower."""
FROZEN = "squeezenet, frozen"
SCALES = {
    "quick": Scale(seeds=2, rates=(2e-3,), levels=(("convnet", 2000, 6),)),
    "full": Scale(tuning_seeds=1, levels=(("convnet", 4000, 20), ("resnet8", 1000, 12), (FROZEN, 2000, 20))),
}
"""Levels are network, training images and epochs."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    cells = []
    for network, images, epochs in scale.levels:
        recipe: dict[str, Any] = {"epochs": epochs, "batch_size": 32, "train_images": images, "schedule": "constant"}
        if network == FROZEN:
            recipe |= {"freeze": ("backbone",), "weights": "imagenet", "image_size": 96}
        cells += [
            Cell({"network": network, "head": name}, network.partition(",")[0], head, "fashion_mnist", Recipe(**recipe))
            for name, head in COMPARED.items()
        ]
    return laboratory.train(cells, scale, _curve)


def _curve(run: Run) -> dict[str, Any]:
    axes = {f"{axis} by epoch": positions(run, axis) for axis in ("step", "seconds")}
    return {"validation by epoch": run.history["val_accuracy"], **axes}


def reached(record: Record, target: float) -> float | None:
    """Epochs until the validation accuracy first was at `target`, interpolated between epochs; None if it never was."""
    before = CHANCE
    for epoch, accuracy in enumerate(record["validation by epoch"]):
        if accuracy >= target:
            return epoch + (target - before) / (accuracy - before)
        before = accuracy
    return None


def _until(record: Record, target: float, axis: str = "epoch") -> float:
    """Epochs, steps or seconds until the validation accuracy was at `target`; all of them where it never was."""
    reached_at = reached(record, target)
    epochs = len(record["validation by epoch"]) if reached_at is None else reached_at
    if axis == "epoch":
        return epochs
    ends = [0.0, *record[f"{axis} by epoch"]]
    whole = min(int(epochs), len(ends) - 2)
    return ends[whole] + (epochs - whole) * (ends[whole + 1] - ends[whole])


def judge(records: Sequence[Record]) -> Judgement:
    networks = levels(records, "network")
    effects: list[Effect] = []
    seconds: list[Effect] = []
    ends: list[Effect] = []
    answers, rows, figures = [], [], []
    for network in networks:
        of = {head: {"network": network, "head": head} for head in COMPARED}
        for other in ("flatten", "fc"):
            for words, axis, ratios in (("epochs", "epoch", effects), ("seconds", "seconds", seconds)):
                name = f"{words}: GAP / {NAMES[other]} to {DECIDING:.0%}, {network}"
                until = partial(_until, target=DECIDING, axis=axis)
                ratios.append(compare(name, records, until, of["gap"], of[other], "ratio"))
            name = f"test accuracy at the end: {NAMES[other]} − GAP, {network}"
            ends.append(compare(name, records, "test", of[other], of["gap"]))
            gap_there, other_there = (
                all(reached(record, DECIDING) is not None for record in select(records, **of[head]))
                for head in ("gap", other)
            )
            answer = above(effects[-1], SLOWER)
            # A run that never gets there bounds the ratio from one side only.
            answers.append(answer if (other_there if answer == YES else gap_there) else OPEN)
        rows += [(network, NAMES[head], *_durations(select(records, **at))) for head, at in of.items()]
        curves = {head: means(records, "validation by epoch", **at) for head, at in of.items()}
        series = [line(NAMES[head], range(1, len(curve) + 1), curve, head) for head, curve in curves.items()]
        figures.append(Figure(f"Validation accuracy, {network}", "epoch", "validation accuracy", series))
    compared = [
        f"{effect} the epochs of Flatten on {network}" + (" (not decided)" if answer == OPEN else "")
        for effect, answer, network in zip(effects[::2], answers[::2], networks, strict=True)
    ]
    return Judgement(
        verdict(answers),
        f"To {DECIDING:.0%} on validation images GAP takes {', '.join(compared)}.",
        [*with_answers(effects, answers), *seconds, *ends],
        ("network", "head", *(f"{axis} to {at:.0%}" for axis in ("epochs", "steps", "seconds") for at in TARGETS)),
        rows,
        figures,
    )


def _durations(runs: Sequence[Record]) -> list[str]:
    """Mean epochs, steps and seconds to each target, over the runs that get there."""
    cells = []
    for axis, digits in (("epoch", 1), ("step", 0), ("seconds", 1)):
        for target in TARGETS:
            durations = [_until(run, target, axis) for run in runs if reached(run, target) is not None]
            few = "" if len(durations) == len(runs) else f" in {len(durations)} of {len(runs)}"
            cells.append(f"{sum(durations) / len(durations):,.{digits}f}{few}" if durations else "never")
    return cells
