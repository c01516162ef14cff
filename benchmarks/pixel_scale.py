"""How often the warning of a wrong scale of pixels is right: hits and false alarms on models whose scale is known.

    python benchmarks/pixel_scale.py [--images 4000] [--epochs 4] [--draws 20] [--short]

Small networks, with and without batch normalization, are trained on Fashion-MNIST under three scales. Beside them: one
that is hardly trained, the runs that ship, also on images unlike their own, and SqueezeNet with ImageNet's weights.
Each is given one image, or eight, under each scale. The evidence is `misfits` or `reactions` of
`tfpool/inference/pixel_check.py`.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from benchmarks.report import Rows, options
from tfpool import data, examples
from tfpool.anatomy.pixel_scale import CHOSEN, PixelScale, scale_pixels
from tfpool.data.images import read_image
from tfpool.inference.classifier import Classifier
from tfpool.inference.pixel_check import MODES, better_mode, misfits, reactions
from tfpool.models.pretrained.applications import BUNDLED

RATE, BATCH_SIZE = 1e-3, 32
COLOR_MODES = (*MODES, "caffe", "torch")
NEAR = {"unit": "unit", "tf": "unit", "torch": "unit", "raw": "raw", "caffe": "raw"}
"""Scales whose pixels differ by a factor of about 2 at most have one name here."""


def trained(scale: str, normalized: bool, head: str, images: int, epochs: int) -> keras.Model:
    """A small network trained on pixels of one scale."""
    keras.utils.set_random_seed(0)
    layers, part = keras.layers, data.load("fashion_mnist").train
    image = x = keras.Input((28, 28, 1))
    for filters, strides in ((16, 1), (32, 2), (32, 2)):
        x = layers.Conv2D(filters, 3, strides=strides, padding="same", use_bias=not normalized)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x) if normalized else x)
    x = layers.GlobalAveragePooling2D()(x) if head == "gap" else layers.Flatten()(x)
    model = keras.Model(image, layers.Dense(10)(x))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(RATE), loss)
    pixels, labels = scale_pixels(part.images[:images], scale), part.labels[:images]
    model.fit(pixels, labels, epochs=epochs, batch_size=BATCH_SIZE, verbose=0)
    return model


class Tally:
    """Rows of how often a warning comes, and their sums: false alarms, and hits by how far the scales are apart."""

    def __init__(self) -> None:
        self._rows = Rows("model", "scale", "shown as", "evidence", "1 image", "8 images", first_width=48)
        self._sums: dict[str, list[int]] = {}

    def add(self, name: str, model: keras.Model, scale: str, images: Sequence[np.ndarray], draws: int) -> None:
        """Warnings for a model made for one scale, under each. `images`: uint8 (H, W, C) of the model's size."""
        for used in COLOR_MODES if images[0].shape[-1] == 3 else MODES:
            pixels = PixelScale(used, CHOSEN)
            classifier = Classifier(name, images[0].shape, (), lambda: model, np.asarray, pixels=pixels)  # type: ignore[arg-type]
            kind = "false alarms" if used == scale else "hits, " + ("near" if NEAR[used] == NEAR[scale] else "far")
            cells = []
            for count in (1, 8):
                groups = [images[start : start + count] for start in range(0, draws * count, count)]
                groups = [group for group in groups if len(group) == count]
                warned = [better_mode(classifier, group) is not None for group in groups]
                sums = self._sums.setdefault(kind, [0, 0])
                sums[0], sums[1] = sums[0] + sum(warned), sums[1] + len(warned)
                cells.append(f"{sum(warned)} of {len(warned)}" if warned else "")
            evidence = misfits(classifier, images[:1]) or reactions(classifier, images[:1])
            self._rows.add(name, scale, used, f"{evidence[used]:.2g}" if evidence else "none", *cells)

    def print_sums(self) -> None:
        for kind in sorted(self._sums):
            warned, shown = self._sums[kind]
            print(f"{kind}: {warned:,} of {shown:,}")


def main() -> None:
    settings = options(__doc__, images=(4000, 1000), epochs=(4, 2), draws=(20, 2)).parse_args()
    tally, draws = Tally(), settings.draws
    clothes = list(data.load("fashion_mnist").test.images[: 8 * draws])
    photos = {
        shape: [read_image(BUNDLED / "photographs" / f"{name}.jpg", shape) for name in ("cat", "coffee")]
        for shape in ((227, 227, 3), (64, 64, 1), (32, 32, 1), (28, 28, 1))
    }
    sized = Classifier("", (28, 28, 1), (), keras.Model, np.asarray)
    others = photos[28, 28, 1] + [sized.fit(image) for image in data.load("scattered").test.images[: 8 * draws]]
    tally.add("squeezenet", tp.build(tp.plan("squeezenet"), weights="imagenet"), "caffe", photos[227, 227, 3], draws)
    for name, run in examples.runs().items():
        model, own = run.load_model(), data.load(run.spec["data"]).test.images[: 8 * draws]
        shape = run.plan.input_shape
        sized = Classifier(name, shape, (), lambda model=model: model, np.asarray)  # type: ignore[arg-type,misc]
        tally.add(name, model, "unit", [sized.fit(pixels) for pixels in own], draws)
        tally.add(
            f"{name}, other images", model, "unit", photos[shape] + [sized.fit(image) for image in clothes], draws
        )
    for head in ("flatten",) if settings.short else ("flatten", "gap"):
        for normalized in (True, False):
            for scale in MODES:
                name = f"{head}, {'batch normalization' if normalized else 'without'}"
                model = trained(scale, normalized, head, settings.images, settings.epochs)
                tally.add(name, model, scale, clothes, draws)
                tally.add(f"{name}, other images", model, scale, others, draws)
                if scale == "unit" and not settings.short:
                    hardly = trained(scale, normalized, head, settings.images // 4, 1)
                    tally.add(f"{name}, hardly trained", hardly, scale, clothes, draws)
    tally.print_sums()


if __name__ == "__main__":
    main()
