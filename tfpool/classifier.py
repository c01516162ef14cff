"""A trained model with what it takes to show it an image file and to name its scores: a run's, or a pretrained one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING

import numpy as np

from tfpool import pretrained
from tfpool.build import build
from tfpool.data.images import read_image
from tfpool.plan import Plan, plan
from tfpool.runs import Run, RunStore

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Classifier:
    """Attributes: `name`, the `plan` it was built from, `class_names` in the order of the scores."""

    name: str
    plan: Plan
    class_names: tuple[str, ...]
    _load: Callable[[], keras.Model]
    _to_input: Callable[[np.ndarray], np.ndarray]

    @cached_property
    def model(self) -> keras.Model:
        """From input (N, H, W, C) to logits (N, K), loaded on first use."""
        return self._load()

    def read(self, file: str) -> np.ndarray:
        """An image file as uint8 (H, W, C), cut and resized to the network's size.

        Raises:
            ValueError: if the file is no image.
        """
        height, width, channels = self.plan.input_shape
        if height is None or width is None or channels is None:
            raise ValueError(f"{self.name} takes images of any size, and no file is read without one.")
        return read_image(file, (height, width, channels))

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
        """Softmax of the scores, float32 (N, K), of uint8 images (N, H, W, C)."""
        from keras import ops

        return np.asarray(ops.softmax(self.model(self.to_input(images), training=False)))


def find(name: str, store: RunStore) -> Classifier:
    """The classifier of that name: a run's id, or a network with ImageNet weights.

    Raises:
        ValueError: if there is neither.
    """
    if name not in pretrained.NETWORKS:
        try:
            return of_run(store.get(name))
        except ValueError as error:
            raise ValueError(f"{error} Or use a network with ImageNet weights, such as squeezenet.") from None
    described = plan(name)
    load = partial(build, described, weights="imagenet")
    preprocess = partial(pretrained.preprocess_input, name)
    return Classifier(name, described, pretrained.class_names(), load, preprocess)


def of_run(run: Run) -> Classifier:
    return Classifier(run.id, run.plan, tuple(run.spec["class_names"]), run.load_model, run.to_input)
