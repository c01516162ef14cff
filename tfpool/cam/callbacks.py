"""Callbacks for `fit` of any Keras model."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras

from tfpool.cam.explainer import Explainer
from tfpool.cam.figures.sheet import pixels_of
from tfpool.cam.targets import Target
from tfpool.system.event_log import EventLog, picture
from tfpool.system.files import atomic
from tfpool.system.png import png_bytes


class ClassActivationMaps(keras.callbacks.Callback):
    """Draws class activation maps of a few images while a model trains: where it looks, epoch by epoch.

    Each time is a file, such as class_maps/epoch-0003.png, and an image in TensorBoard if there is a `log_dir`.

    Args:
        images: what `tfpool.explain` takes: (N, H, W, C), scaled as in training, or paths of image files.
        every: number of epochs from one drawing to the next. The last epoch of `fit` is always drawn.
        folder: where to write the pictures. It is made if it does not exist.
        log_dir: where to write for TensorBoard, such as that of `keras.callbacks.TensorBoard`. Default: nowhere.
        method: a name from `tfpool.methods()`.
        target: the class to explain, as for `tfpool.explain`. Default: the one with the highest score at that time.
        layer: name of the layer to explain. Default: the one that feeds the head.
        class_names: K names, in the order of the classes, for the captions.

    Raises:
        ValueError: if `every` is below 1; when the training starts, if the model cannot be explained.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> import tfpool as tp
        >>> images, labels = np.random.default_rng(0).random((8, 28, 28, 1)), np.arange(8)
        >>> model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)))
        >>> model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
        >>> maps = tp.callbacks.ClassActivationMaps(images[:2], every=2)
        >>> history = model.fit(images, labels, epochs=3, verbose=0, callbacks=[maps])
        >>> sorted(path.name for path in maps.folder.iterdir())
        ['epoch-0002.png', 'epoch-0003.png']
    """

    def __init__(
        self,
        images: Any,
        every: int = 1,
        folder: str | Path = "class_maps",
        log_dir: str | Path | None = None,
        method: str = "gradcam",
        target: Target = None,
        layer: str | Sequence[str] | None = None,
        class_names: Sequence[str] | None = None,
    ) -> None:
        super().__init__()
        if not isinstance(every, int) or every < 1:
            raise ValueError(f"Expected a whole number of epochs from 1. Received: every={every!r}.")
        self.folder = Path(folder)
        self._images, self._every, self._log_dir = images, every, log_dir
        self._method, self._target, self._layer, self._class_names = method, target, layer, class_names
        self._drawn: int | None = None

    def on_train_begin(self, logs: Any = None) -> None:
        # Compiled once: it reads the weights as they are at each call.
        self._explainer = Explainer(self.model, self._method, self._layer)
        # A file of its own for each call of `fit`, named by the time as TensorFlow names its files.
        name = f"events.out.tfevents.{time.time_ns()}.class_activation_maps"
        self._log = None if self._log_dir is None else EventLog(Path(self._log_dir, name))
        self._epoch = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch + 1
        if self._epoch % self._every == 0:
            self._draw()

    def on_train_end(self, logs: Any = None) -> None:
        if self._epoch and self._drawn != self._epoch:
            self._draw()

    def _draw(self) -> None:
        explanation = self._explainer(self._images, self._target)
        pixels = pixels_of(explanation.plot(class_names=self._class_names))
        png = png_bytes(pixels)
        with atomic(self.folder / f"epoch-{self._epoch:04}.png") as temporary:
            temporary.write_bytes(png)
        if self._log:
            # As Keras counts epochs for TensorBoard: from 0.
            self._log.add(self._epoch - 1, picture("class_activation_maps", png, pixels.shape[:2]))
        self._drawn = self._epoch
