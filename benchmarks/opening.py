"""How long opening a saved model takes, against Keras's own load_model.

    python benchmarks/opening.py [--rounds 5] [--short]

Both open the same file, in turns, in one process, in seconds of processor time. The ratio is the median over the
rounds. Random weights: only the number and the kinds of layers matter, and their sizes.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options

MOST = 1.3
QUADRATIC = 100
"""Keras alone takes seconds from so many layers of a Sequential on."""


def files(folder: Path, short: bool) -> dict[str, Path]:
    """Models of several kinds, saved, by name."""
    import keras
    from keras import applications, layers

    def stack(count: int) -> keras.Model:
        return keras.Sequential([keras.Input((8, 8, 3)), *(layers.ReLU() for _ in range(count))])

    def convolutions(count: int) -> keras.Model:
        x = image = keras.Input((16, 16, 4))
        for _ in range(count):
            x = layers.Conv2D(4, 3, padding="same")(x)
        return keras.Model(image, layers.GlobalAveragePooling2D()(x))

    makers: dict[str, Callable[[], Any]] = {
        "a Sequential of 10 ReLUs.keras": lambda: stack(10),
        "a Sequential of 50 ReLUs.keras": lambda: stack(50),
        f"a Sequential of {QUADRATIC} ReLUs.keras": lambda: stack(QUADRATIC),
        "50 convolutions.keras": lambda: convolutions(50),
        "MobileNetV2.keras": lambda: applications.MobileNetV2(weights=None),
        "MobileNetV2 of any size.keras": lambda: applications.MobileNetV2(
            weights=None, include_top=False, input_shape=(None, None, 3)
        ),
    }
    if not short:
        makers |= {
            "a Sequential of 200 ReLUs.keras": lambda: stack(200),
            "MobileNetV2.h5": lambda: applications.MobileNetV2(weights=None),
            "ResNet50.keras": lambda: applications.ResNet50(weights=None),
            "EfficientNetB0.keras": lambda: applications.EfficientNetB0(weights=None),
            "VGG16.keras": lambda: applications.VGG16(weights=None),
        }
    for name, make in makers.items():
        make().save(folder / name)
        keras.utils.clear_session()
    return {name: folder / name for name in makers}


def seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> int:
    settings = options(__doc__, rounds=(5, 1)).parse_args()
    import keras

    from tfpool.models.loading.load import load_model

    missed = False
    with tempfile.TemporaryDirectory() as name:
        rows = Rows("file", "Keras", "tfpool", "ratio", "aim", "met", first_width=36)
        for label, path in files(Path(name), settings.short).items():
            theirs_of, ours_of = partial(keras.models.load_model, path, compile=False), partial(load_model, path)
            both = [(seconds(theirs_of), seconds(ours_of)) for _ in range(1 + settings.rounds)][1:]
            ratio = statistics.median(ours / theirs for theirs, ours in both)
            missed = missed or ratio > MOST
            theirs, ours = (statistics.median(values) for values in zip(*both, strict=True))
            met = "yes" if ratio <= MOST else "no"
            rows.add(label, f"{theirs:.2f} s", f"{ours:.2f} s", f"{ratio:.2f}", f"≤ {MOST}", met)
    return int(missed and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
