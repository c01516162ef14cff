"""Max pooling's gradient is sparse, average pooling's even.

Statement: GlobalMaxPooling2D passes a gradient back to one position of each channel only, GlobalAveragePooling2D to all
of them; so average pooling is the one that trains better.

Protocol: A small network with local pooling (convnet) on 4,000 images of Fashion-MNIST for 8 epochs, and a residual one
(resnet8) on 1,000 for 16. Heads GAP, GMP, and AvgMax, which has both. One recipe; each head's learning rate tuned over
one grid on the validation images with a seed that is not measured.

Measure: On 500 test images, before and after training, the gradient of the top score that reaches the last convolution
through its ReLU: the share of values of the feature map that get any, and the share of positions. And the accuracy on
the 5,000 test images after the last epoch.

Rule: In each condition two questions. Sparse: is the share of values that get a gradient under GMP at most half of that
under GAP, after training? Better: does GAP's test accuracy exceed GMP's by one point or more? Pairs over seeds; an
interval that lies wholly on one side answers. All yes: holds; all no: does not hold; some yes: holds in part; else it
is not decided.

Overturned by: GMP ahead in accuracy in both conditions, by an interval above zero.

Does not show: How the two do inside a network, where windows are small, or after a longer training.

Source: Zhou et al. 2015, arXiv 1512.04150, on GAP against GMP; Boureau, Ponce and LeCun 2010.
"""

from __future__ import annotations

from collections.abc import Sequence

from tfpool.lab.cells import short_training
from tfpool.lab.figure import Figure
from tfpool.lab.laboratory import Laboratory
from tfpool.lab.protocol import Record, Scale
from tfpool.lab.records import by_head, compare, levels, texts
from tfpool.lab.scores import images_of
from tfpool.lab.verdict import Judgement, above, verdict, with_answers
from tfpool.tracking.store import Run
from tfpool.training.recipe import Recipe

NAMES = {"gap": "GAP", "gmp": "GMP", "avgmax": "AvgMax"}
IMAGES = 500
SPARSER = 2.0
"""Ratio of values with a gradient from which on the smaller number is called sparse."""
SCALES = {
    "quick": Scale(seeds=2, rates=(2e-3,), levels=(("convnet", 1000, 4),)),
    "full": Scale(tuning_seeds=1, levels=(("convnet", 4000, 8), ("resnet8", 1000, 16))),
}
"""Levels are network, training images and epochs."""


def observe(laboratory: Laboratory, scale: Scale) -> list[Record]:
    cells = [
        short_training({"network": network, "head": head}, network, head, images, epochs)
        for network, images, epochs in scale.levels
        for head in NAMES
    ]
    return laboratory.train(cells, scale, _reached)


def _reached(run: Run) -> dict[str, float]:
    """Fractions of the feature map that a gradient reaches."""
    import keras
    import tensorflow as tf

    from tfpool.models.preprocessing import to_network
    from tfpool.training.fit import initial_model

    images = to_network(images_of(run).test.images[:IMAGES], run.plan)
    fractions = {}
    for when, model in (("before", initial_model(run.plan, Recipe(**run.spec["recipe"]))), ("after", run.load_model())):
        last = model.get_layer(run.plan.features.name).output
        features = keras.Model(model.inputs[0], last)(images, training=False)
        head = keras.Model(last, model.output)
        with tf.GradientTape() as tape:
            tape.watch(features)
            top = tf.reduce_max(head(features, training=False), axis=1)
        # Values that a ReLU cut off pass no gradient on.
        gradient = tf.where(features > 0, tape.gradient(top, features), 0.0)
        reached = gradient != 0
        fractions[f"values {when}"] = float(tf.reduce_mean(tf.cast(reached, tf.float32)))
        fractions[f"positions {when}"] = float(tf.reduce_mean(tf.cast(tf.reduce_any(reached, axis=-1), tf.float32)))
    return fractions


def _some(record: Record) -> float:
    """Fraction of values that get a gradient; above zero, since a dead network has none and a ratio needs some."""
    return max(record["values after"], 1e-6)


def judge(records: Sequence[Record]) -> Judgement:
    networks = levels(records, "network")
    sparse, trained, others, rows = [], [], [], []
    for network in networks:
        of = {head: {"network": network, "head": head} for head in NAMES}
        sparse.append(compare(f"values reached: GAP / GMP, {network}", records, _some, of["gap"], of["gmp"], "ratio"))
        trained.append(compare(f"test: GAP − GMP, {network}", records, "test", of["gap"], of["gmp"]))
        others.append(compare(f"test: AvgMax − GAP, {network}", records, "test", of["avgmax"], of["gap"]))
        measures = ("values before", "values after", "positions after", "test")
        rows += [(network, NAMES[head], *texts(records, measures, **where)) for head, where in of.items()]
    figures = [
        Figure(title, "network", title.lower(), by_head(records, NAMES, what, "network"), "bar")
        for title, what in (("Values that get a gradient", "values after"), ("Test accuracy", "test"))
    ]
    answers = [*(above(effect, SPARSER) for effect in sparse), *map(above, trained)]
    return Judgement(
        verdict(answers),
        f"Under GAP {sparse[0]} as many values of the last map get a gradient as under GMP on {networks[0]}. Of "
        "training better: GAP's test accuracy is "
        + ", ".join(
            f"{effect:higher/lower} than GMP's on {network}" for network, effect in zip(networks, trained, strict=True)
        )
        + ".",
        [*with_answers([*sparse, *trained], answers), *others],
        ("network", "head", "values, untrained", "values, trained", "positions, trained", "test"),
        rows,
        figures,
    )
