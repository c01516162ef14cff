"""A trained model with what it takes to show it an image and to name its scores: a run's, pretrained, or a file's."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from tfpool import examples
from tfpool.counting.plan import plan
from tfpool.data.images import crop_and_resize, read_image
from tfpool.models import pretrained
from tfpool.models.build import build
from tfpool.tracking.store import Run, RunStore

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Classifier:
    """Attributes: `name`, `input_shape` (H, W, C) with None where any size will do, `class_names` in the order of the
    scores, and the `output` that these are of where the model has several."""

    name: str
    input_shape: tuple[int | None, int | None, int]
    class_names: tuple[str, ...]
    _load: Callable[[], keras.Model]
    _to_input: Callable[[np.ndarray], np.ndarray]
    output: str | None = None

    @cached_property
    def model(self) -> keras.Model:
        """From input (N, H, W, C) to scores or probabilities (N, K), loaded on first use."""
        return self._load()

    def read(self, file: str, size: tuple[int, int] | None = None) -> np.ndarray:
        """An image file as uint8 (H, W, C), cut and resized to the network's size.

        Where any size will do it is `size`, by default the image's own, or 512 pixels on its longer side.

        Raises:
            ValueError: if the file is no image.
        """
        height, width, channels = self.input_shape
        if (height is None or width is None) and size:
            height, width = size
        return read_image(file, (height, width, channels))

    def fit(self, pixels: np.ndarray) -> np.ndarray:
        """A uint8 image (h, w, 1 or 3) as the network sees it: (H, W, C), its middle cut out and resized."""
        height, width, channels = self.input_shape
        shape = (height or pixels.shape[0], width or pixels.shape[1], channels)
        if pixels.shape == shape:
            return pixels
        return crop_and_resize(Image.fromarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).copy()), shape)

    def to_input(self, images: np.ndarray) -> np.ndarray:
        """uint8 images (N, H, W, C) as the model expects them, float32."""
        return self._to_input(images)

    def class_number(self, name: str) -> int:
        """The class of that name or number.

        Raises:
            ValueError: if there is none.
        """
        if name in self.class_names:
            return self.class_names.index(name)
        if name.isdecimal() and int(name) < len(self.class_names):
            return int(name)
        last = len(self.class_names) - 1
        names = ", ".join(self.class_names[:10]) + (", …" if last >= 10 else "")
        raise ValueError(f"There is no class {name!r}. Use 0 to {last}, or one of: {names}.")

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Probabilities, float32 (N, K), of uint8 images (N, H, W, C)."""
        from tfpool.anatomy.split import split_at_image

        anatomy, values = split_at_image(self.model, self.output), self.to_input(images)
        return np.asarray(anatomy.probabilities(anatomy.head(values, values)))


def find_classifier(name: str, store: RunStore, mode: str | None = None, output: str | None = None) -> Classifier:
    """The classifier of that name: of a run or an example by its id, a network with ImageNet weights, or a file.

    Args:
        mode: how a file's model takes its pixels, one of `PIXEL_MODES`. Default: from 0 to 1, or from 0 to 255
            where the model scales them itself.
        output: name of the output that a file's model is asked for, where it has several.

    Raises:
        ValueError: if there is none of them.
    """
    if is_model_file(name):
        return of_file(name, mode, output)
    if name in pretrained.NETWORKS:
        return of_network(name)
    if name in examples.runs():
        return of_run(examples.runs()[name])
    try:
        return of_run(store.get(name))
    except ValueError as error:
        raise ValueError(
            f"{error} Or use a network with ImageNet weights, such as squeezenet, or a model's file."
        ) from None


def is_model_file(name: str) -> bool:
    """Whether a name is that of a saved model."""
    return name.endswith((".keras", ".h5"))


def of_run(run: Run) -> Classifier:
    names = tuple(run.spec["class_names"])
    return Classifier(run.id, _sized(run.plan.input_shape), names, run.load_model, run.to_input)


def of_network(name: str) -> Classifier:
    described = plan(name)
    load = partial(build, described, weights="imagenet")
    preprocess = partial(pretrained.preprocess_input, name)
    return Classifier(name, _sized(described.input_shape), pretrained.class_names(), load, preprocess)


def of_file(path: str | Path, mode: str | None = None, output: str | None = None) -> Classifier:
    """A saved model. Class names stand in a text file of its name beside it, one a line: `model.txt` for `model.keras`.

    Raises:
        ValueError: if the file is refused, is no image classifier, or does not have as many classes as names.
    """
    from tfpool.anatomy.split import split_at_image
    from tfpool.models.loading.load import load_model
    from tfpool.models.preprocessing import scale_pixels, scales_itself

    model = load_model(path)
    classes = split_at_image(model, output).classes
    if model.input_shape[-1] not in (1, 3):
        raise ValueError(
            f"{path} takes images of {model.input_shape[-1]} channels. Files are read as grey or RGB ones."
        )
    listed = Path(path).with_suffix(".txt")
    names = tuple(listed.read_text(encoding="utf-8").splitlines()) if listed.is_file() else ()
    if names and len(names) != classes:
        raise ValueError(f"{listed} has {len(names)} lines, and {path} {classes} classes. Write one name a line.")
    mode = mode or ("raw" if scales_itself(model) else "unit")
    named = names or tuple(f"class {number}" for number in range(classes))
    to_input = partial(scale_pixels, mode=mode)
    return Classifier(Path(path).name, _sized(model.input_shape[1:]), named, lambda: model, to_input, output)


def _sized(shape: tuple[int | None, ...]) -> tuple[int | None, int | None, int]:
    height, width, channels = shape
    return height, width, channels or 3
