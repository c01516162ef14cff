"""Residual connections cure degradation.

Statement: Plain networks get worse when they get deeper, even on the images they are trained on; with shortcuts around
the convolutions they do not.

Protocol: Networks for CIFAR of depths 8, 20 and 44 at half their width, all else equal, with shortcuts (resnet) and
without (plain), under GAP, on 1,500 images of Fashion-MNIST for 8 epochs. Weights begin as He et al. have them. The
learning rate of each kind is tuned over one grid on the validation images at the greatest depth, where it matters most,
with a seed that is not measured.

Measure: The error on the training images after the last epoch. And, on 250 of them, before and after training, the norm
of the loss's gradient for each convolution's weights, from the first to the last.

Rule: Three questions, at the greatest depth. Is the plain network's training error one point or more above that of the
plain one of depth 8? Is it one point or more above that of the residual one of its depth? Is the residual one's less
than one point above that of the residual one of depth 8? Pairs over seeds; an interval that lies wholly on one side
answers. All yes: holds; all no: does not hold; some yes: holds in part; else it is not decided.

Overturned by: A plain network of depth 44 that fits the training images as well as the residual one.

Does not show: Why. Batch normalisation is in both kinds and keeps the plain network's gradients from vanishing, as the
paper says of its own. Nor does it show what a training ten times as long would come to.

Source: He et al. 2015, arXiv 1512.03385, section 4.2.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tfpool.lab.cells import Cell
from tfpool.lab.figure import Figure, Series
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import compare, levels, line, mean, select, texts
from tfpool.lab.scores import accuracy, images_of, scorer
from tfpool.lab.statistics import Effect, format_value
from tfpool.lab.verdict import POINT, Judgement, above, verdict, with_answers
from tfpool.tracking.store import Run
from tfpool.training.recipe import Recipe

KINDS = {"plain": "plain", "resnet": "residual"}
WIDTH = 0.5
IMAGES = 250
SCALES = {
    "quick": Scale(seeds=2, epochs=1, images=(300,), rates=(2e-3,), levels=(8, 14)),
    "full": Scale(epochs=8, images=(1500,), tuning_seeds=1, levels=(8, 20, 44)),
}
"""Levels are depths."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    recipe = Recipe(epochs=scale.epochs, batch_size=32, train_images=scale.images[0], initializer="he")
    cells = [
        Cell({"kind": kind, "depth": depth}, f"{kind}{depth}", "gap", "fashion_mnist", recipe, {"width": WIDTH}, kind)
        # The deepest first: its kind is tuned by it.
        for depth in sorted(scale.levels, reverse=True)
        for kind in KINDS
    ]
    return laboratory.train(cells, scale, _error_and_gradients)


def _error_and_gradients(run: Run) -> dict[str, Any]:
    from tfpool.training.fit import initial_model

    images = images_of(run).train
    measured: dict[str, Any] = {"error": 1 - accuracy(scorer(run)(images.images), images)}
    measured["gradients before"] = _norms(run, initial_model(run.plan, Recipe(**run.spec["recipe"])))
    measured["gradients after"] = _norms(run, run.load_model())
    return measured


def _norms(run: Run, model: Any) -> list[float]:
    """Norms of the loss's gradient for each convolution's kernel, first layer first, in training mode."""
    import keras
    import tensorflow as tf

    from tfpool.models.preprocessing import to_network

    part = images_of(run).train.first(IMAGES)
    layers = [model.get_layer(row.name) for row in run.plan.rows if row.op == "Conv2D"]
    kernels = [layer.kernel for layer in layers]
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    with tf.GradientTape() as tape:
        value = loss(part.labels, model(to_network(part.images, run.plan), training=True))
    return [float(tf.norm(gradient)) for gradient in tape.gradient(value, [kernel.value for kernel in kernels])]


def judge(records: Sequence[Record]) -> Judgement:
    depths = sorted(levels(records, "depth"))
    shallow, deep = depths[0], depths[-1]

    def difference(kind: str, depth: int, other: str, base: int) -> Effect:
        name = f"error: {KINDS[kind]} {depth} − {KINDS[other]} {base}"
        return compare(name, records, "error", {"kind": kind, "depth": depth}, {"kind": other, "depth": base})

    worse = difference("plain", deep, "plain", shallow)
    cured = difference("plain", deep, "resnet", deep)
    improved = difference("resnet", shallow, "resnet", deep)
    between = {depth: difference("plain", depth, "plain", shallow) for depth in depths[1:-1]}
    answers = [above(worse), above(cured), above(improved, -POINT)]
    fitted = Figure(
        "Training error as networks grow deeper",
        "depth",
        "error on the training images",
        [line(KINDS[k], depths, [mean(records, "error", kind=k, depth=d) for d in depths]) for k in KINDS],
    )
    norms = [
        Figure(
            f"Gradient of each convolution, {when} training",
            "how deep the convolution lies, 0 the first and 1 the last",
            "norm of the gradient",
            [
                Series(f"{KINDS[kind]} {depth}", *_along(select(records, kind=kind, depth=depth), f"gradients {when}"))
                for kind in KINDS
                for depth in (shallow, deep)
            ],
            percent=False,
            log=True,
        )
        for when in ("before", "after")
    ]
    return Judgement(
        verdict(answers),
        f"At depth {deep} the plain network's training error is {worse:higher/lower} than at depth {shallow}, and "
        f"{cured:higher/lower} than the residual one's. The residual one's is {improved:lower/higher} than at depth "
        f"{shallow}."
        + "".join(f" At depth {depth} the plain one's is {effect:higher/lower}." for depth, effect in between.items()),
        [*with_answers([worse, cured, improved], answers), *between.values()],
        ("kind", "depth", "training error", "test accuracy", "first gradient over last, untrained", "trained"),
        [
            (
                KINDS[kind],
                str(depth),
                *texts(records, ("error", "test"), kind=kind, depth=depth),
                *(_first_over_last(records, when, kind=kind, depth=depth) for when in ("before", "after")),
            )
            for kind in KINDS
            for depth in depths
        ],
        [fitted, *norms],
    )


def _first_over_last(records: Sequence[Record], when: str, **factors: Any) -> str:
    def ratio(record: Record) -> float:
        norms = record[f"gradients {when}"]
        return norms[0] / norms[-1] if norms[-1] else float("nan")

    return format_value(mean(records, ratio, "number", **factors).value, "number")


def _along(records: Sequence[Record], what: str) -> tuple[list[float], list[float]]:
    """Relative depths from 0 to 1, and the mean over records of the list `what`."""
    lists = [record[what] for record in records]
    length = len(lists[0])
    places = [round(number / (length - 1), 4) for number in range(length)]
    return places, [sum(values) / len(values) for values in zip(*lists, strict=True)]
