"""GAP overfits less.

Statement: Without a large dense layer there is less to overfit: with GlobalAveragePooling2D the accuracy on new images
stays closer to that on the training images than with Flatten, or with hidden dense layers and dropout.

Protocol: A small network with local pooling (convnet) on 250, 1,000 and 4,000 images of Fashion-MNIST, and a residual
one (resnet8) on 1,000. Heads GAP, Flatten, and FC (a hidden layer of 128 with dropout 0.5). In each condition one
recipe for all heads, and each head's learning rate tuned over one grid on the validation images with a seed that is not
measured.

Measure: The generalisation gap: accuracy on the training images, with dropout off, minus accuracy on the 5,000 test
images, after the last epoch. Beside it the test accuracy itself; and, for GAP and Flatten, the gap between training and
validation accuracy at the epoch where both heads had reached one training accuracy, the highest that both did.

Rule: In each condition, GAP's gap is subtracted from that of Flatten and from that of FC, seed by seed. The answer is
yes where the 95 % interval lies above zero and the mean reaches one point, no where the interval lies below one point.
All yes: holds; all no: does not hold; some yes: holds in part; else it is not decided.

Overturned by: Intervals below one point under a longer training, or larger images and networks.

Does not show: That less overfitting is better. A head that cannot fit the training images overfits least; the test
accuracies beside the gaps say which head to take.

Source: Lin, Chen and Yan 2013, arXiv 1312.4400, section 3.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfpool.heads import FC, GAP, Flatten
from tfpool.lab.claim import Record, Scale
from tfpool.lab.figure import Figure
from tfpool.lab.laboratory import Cell, Laboratory
from tfpool.lab.measuring import accuracy, images_of, scorer
from tfpool.lab.records import by_seed, chosen, line, mean
from tfpool.lab.statistics import paired
from tfpool.lab.verdict import Judgement, decide, verdict
from tfpool.runs import Run
from tfpool.training.recipe import Recipe

HEADS = {"gap": GAP(), "flatten": Flatten(), "fc": FC(units=(128,))}
NAMES = {"gap": "GAP", "flatten": "Flatten", "fc": "FC with dropout"}
SCALES = {
    "quick": Scale(seeds=2, rates=(2e-3,), levels=(("convnet", 500, 6),)),
    "full": Scale(
        tuning_seeds=1,
        levels=(("convnet", 250, 32), ("convnet", 1000, 16), ("convnet", 4000, 8), ("resnet8", 1000, 16)),
    ),
}
"""Levels are network, training images and epochs."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    cells = [
        Cell(
            {"network": network, "images": images, "head": name},
            network,
            head,
            "fashion_mnist",
            Recipe(epochs=epochs, batch_size=32, train_images=images),
        )
        for network, images, epochs in scale.levels
        for name, head in HEADS.items()
    ]
    return laboratory.train(cells, scale, _fitted)


def _fitted(run: Run) -> dict[str, Any]:
    images = images_of(run)
    curves = {f"{name} by epoch": run.history[name] for name in ("accuracy", "val_accuracy")}
    return {"fitted": accuracy(scorer(run)(images.train.images), images.train), **curves}


def _gap(record: Record) -> float:
    return record["fitted"] - record["test"]


def _fit(record: Record, level: float) -> float:
    """Training minus validation accuracy where training first reached a level, between epochs by straight lines."""
    training, validation = ([0.0, *record[f"{name} by epoch"]] for name in ("accuracy", "val_accuracy"))
    after = next(epoch for epoch in range(1, len(training)) if training[epoch] >= level)
    rise = training[after] - training[after - 1]
    share = (level - training[after - 1]) / rise if rise else 0.0
    return level - (validation[after - 1] + share * (validation[after] - validation[after - 1]))


def _at_equal_fit(records: Sequence[Record], **where: Any) -> tuple[dict[int, float], dict[int, float]]:
    """The gaps of Flatten and of GAP, a value a seed, at the highest training accuracy that both reached."""
    found: tuple[dict[int, float], dict[int, float]] = ({}, {})
    for flatten in chosen(records, **where, head="flatten"):
        (gap,) = chosen(records, **where, head="gap", seed=flatten["seed"])
        level = min(max(each["accuracy by epoch"]) for each in (flatten, gap))
        for kept, each in zip(found, (flatten, gap), strict=True):
            kept[each["seed"]] = _fit(each, level)
    return found


def judge(records: Sequence[Record]) -> Judgement:
    conditions = list(dict.fromkeys((each["network"], each["images"]) for each in records))
    effects, better, equal, rows = [], [], [], []
    for network, images in conditions:
        where = {"network": network, "images": images}
        for name in HEADS:
            of_head = {**where, "head": name}
            rows.append(
                (
                    network,
                    f"{images:,}",
                    NAMES[name],
                    *(str(mean(records, what, **of_head)) for what in ("fitted", "test")),
                    str(mean(records, _gap, "points", **of_head)),
                )
            )
        for name in ("flatten", "fc"):
            text = f"{NAMES[name]} − GAP, {network}, {images:,} images"
            of_gap, of_other = ({**where, "head": head} for head in ("gap", name))
            effects.append(paired(f"gap: {text}", by_seed(records, _gap, **of_other), by_seed(records, _gap, **of_gap)))
            better.append(
                paired(f"test: {text}", by_seed(records, "test", **of_other), by_seed(records, "test", **of_gap))
            )
        equal.append(
            paired(
                f"gap at equal training accuracy: Flatten − GAP, {network}, {images:,} images",
                *_at_equal_fit(records, **where),
            )
        )
    figures = [
        Figure(
            f"{what}, {network}",
            "training images",
            what.lower(),
            [
                line(
                    NAMES[name],
                    sizes,
                    [mean(records, measure, "share", network=network, images=n, head=name) for n in sizes],
                    name,
                )
                for name in HEADS
            ],
            log_x=len(sizes) > 1,
            kind="line" if len(sizes) > 1 else "bar",
        )
        for network in dict.fromkeys(network for network, _ in conditions)
        for sizes in [[images for name, images in conditions if name == network]]
        for what, measure in (("Training minus test accuracy", _gap), ("Test accuracy", "test"))
    ]
    return Judgement(
        verdict(map(decide, effects)),
        f"With {conditions[0][1]:,} images Flatten's accuracy falls by {effects[0]} more from training to test images "
        f"than GAP's. On the test images themselves Flatten stands at {better[0]} against GAP; where both had reached "
        f"one training accuracy, the difference in the gap is {equal[0]}.",
        [*effects, *better, *equal],
        ("network", "images", "head", "training", "test", "gap"),
        rows,
        figures,
    )
