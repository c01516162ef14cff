"""What TensorBoard shows of a run: metrics and class maps per epoch, test results and hyperparameters."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
from tensorflow.compat.v1 import Event

from tfpool.cam.figures.map_strip import map_strip
from tfpool.data import DataSet
from tfpool.system.event_log import EventLog, picture, scalar
from tfpool.system.files import Guard
from tfpool.system.png import png_bytes
from tfpool.tracking.database import METRICS
from tfpool.tracking.hyperparameters import hyperparameters, named_result
from tfpool.tracking.run import Run
from tfpool.tracking.training_maps import TrainingMaps
from tfpool.training.session_messages import END, START, session_end, session_start

MAPS = "class_activation_maps"
MOST_PICTURES = 20
"""Of more epochs, every second, third … gets a picture of its maps, 10 to 20 kB. TensorBoard shows ten by default."""


class TensorBoardLog:
    """The folder `tensorboard/` of a run.

    It goes on from the records that it has of earlier epochs, without those that the training repeats. A step is an
    epoch, counted from 0 as by `keras.callbacks.TensorBoard`.

    Args:
        run: the run.
        data: its images.
        epoch: the epoch that the training begins or goes on with, counted from 0.
        guard: makes the context that a record is written in.
    """

    def __init__(self, run: Run, data: DataSet, epoch: int, guard: Guard) -> None:
        folder = run.path / "tensorboard"
        self._test, self._names = data.test, data.class_names
        self._every = math.ceil(run.epochs / MOST_PICTURES)
        self._log = EventLog(folder / "events.out.tfevents.tfpool", guard)
        # Earlier versions wrote files of other names.
        kept = [
            event
            for path in sorted(folder.glob("*tfevents*"))
            for event in EventLog(path, guard).cut(lambda event: event.step < epoch and not _is_of_the_end(event))
        ]
        if not any(START in _tags(event) for event in kept):
            self._log.add(0, session_start(hyperparameters(run), run.started or run.created))

    def add_epoch(self, epoch: int, metrics: Mapping[str, float], maps: TrainingMaps | None) -> None:
        """Add the metrics of an epoch, counted from 0, and its class maps if there are any."""
        values = [scalar(name, metrics[name]) for name in METRICS]
        if maps is not None and (epoch + 1) % self._every == 0:
            pixels = self._drawn(maps)
            values.append(picture(MAPS, png_bytes(pixels), pixels.shape[:2]))
        self._log.add(epoch, *values)

    def add_result(self, epoch: int, result: Mapping[str, float]) -> None:
        """Add the result of the model that was saved after an epoch, counted from 0, and that the run is done."""
        values = [scalar(name, value) for name, value in named_result(result).items()]
        self._log.add(epoch, *values, session_end())

    def _drawn(self, maps: TrainingMaps) -> np.ndarray:
        captions = [
            (self._names[truth], f"score {score:.3g}", "predicted:", self._names[guess])
            for truth, score, guess in zip(maps.classes, maps.scores[-1], maps.predicted[-1], strict=True)
        ]
        return map_strip(self._test.images[maps.images], maps.maps[-1], captions)


def _is_of_the_end(event: Event) -> bool:
    return END in _tags(event)


def _tags(event: Event) -> set[str]:
    return {value.tag for value in event.summary.value}
