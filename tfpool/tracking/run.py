"""A training run as it stood when the store was read."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tfpool.anatomy.known_pixels import KnownPixels, remember_pixels
from tfpool.counting.plan import Plan, plan
from tfpool.data.custom import storage
from tfpool.data.tiff import tiff_choice
from tfpool.system.format import clock

if TYPE_CHECKING:
    import keras
    import numpy as np

ENDED = ("done", "stopped", "interrupted", "failed")
FIRST_EPOCH = ("epoch", "loss", "accuracy")
STATES = ("queued", "running", *ENDED)
PHASES = ("loading TensorFlow", "loading images", "compiling", "features", "training", "testing")
"""What a running run does, in this order; features are computed once for a frozen backbone."""


@dataclass(frozen=True)
class Run:
    """A training run as it stood when it was read.

    Attributes:
        id: the network, the head and a number, such as "resnet8-gap-1".
        state: "queued", "running", "done", "stopped", "interrupted" or "failed".
        spec: plain data of plan, data set and recipe: all that is needed to repeat the run.
        history: for each of `METRICS` a list with one value per epoch.
        path: the run's folder, with model.keras, run.json, history.csv, class_maps.npz and tensorboard/.
        progress: the phase, one of `PHASES`; of the running epoch: epoch, step, steps, loss, accuracy; over the last
            steps: images_per_second and seconds_left, None until that can be told; elapsed, in seconds; preparing, the
            fraction of a frozen backbone's features that is computed.
        result: once the run is done, of the saved model: loss and accuracy on the test images, the number of these
            images, and train_loss and train_accuracy on the training images.
        error: why the run failed.
        created, started, ended: seconds since 1970.
        title, note: written by people; the title is the id by default.
        sweep: name of the group that the run was queued in, if any.
        stopping: whether the run was asked to stop and is still running.
        host: name of the machine that trains or has trained the run.
        executor: address of the cluster that trains the run; None for workers of this machine.
        artifacts: URL of the folder through which the cluster returns files; None if it sends them.
        resumes: how often the run was resumed.
        began: spec and `data_fingerprint` when the training began; None before, and for runs of older versions.
    """

    id: str
    state: str
    spec: dict[str, Any]
    history: dict[str, list[float]]
    path: Path
    progress: dict[str, Any]
    result: dict[str, float] | None
    error: str | None
    created: float
    started: float | None
    ended: float | None
    title: str
    note: str
    sweep: str | None
    stopping: bool
    host: str | None
    executor: str | None
    artifacts: str | None
    resumes: int
    began: dict[str, Any] | None

    @cached_property
    def plan(self) -> Plan:
        """The run's plan, cached for all runs with the same network and head.

        Raises:
            ValueError: if this version of tfpool has no such network, head or setting; another branch may have it.
        """
        return _plan_of(json.dumps(self.spec["plan"]))

    @property
    def epochs(self) -> int:
        """The number of epochs in the recipe."""
        return self.spec["recipe"]["epochs"]

    @property
    def current_epoch(self) -> int:
        """The epoch in progress, counted from 1."""
        return min(int(self.progress.get("epoch", 0)) + 1, self.epochs)

    @property
    def model_path(self) -> Path:
        return self.path / "model.keras"

    @property
    def checkpoint_path(self) -> Path:
        """The whole state of an unfinished training."""
        return self.path / "checkpoint" / "state.npz"

    @property
    def fraction_done(self) -> float:
        """The finished fraction of the training, 0 to 1."""
        if self.state == "done":
            return 1.0
        epoch, steps = self.progress.get("epoch", 0), self.progress.get("steps", 1)
        return min(1.0, (epoch * steps + self.progress.get("step", 0)) / (self.epochs * steps))

    @property
    def seconds_left(self) -> float | None:
        """Estimated time left at the pace of the last steps; None until that can be told."""
        return self.progress.get("seconds_left")

    @property
    def status(self) -> str:
        """State, phase, epoch, speed and time left in words, and the host if a cluster trains the run."""
        return f"{self._activity} on {self.host}" if self.executor and self.state == "running" else self._activity

    @property
    def _activity(self) -> str:
        progress, phase = self.progress, self.progress.get("phase")
        if self.state != "running":
            return self.state
        if self.stopping:
            return "stopping after this step; the model is saved"
        if phase == "features":
            return f"computing features, {progress.get('preparing', 0.0):.0%}"
        if phase != "training":
            return phase or "starting"
        words = [f"epoch {self.current_epoch} of {self.epochs}", f"accuracy {progress['accuracy']:.1%}"]
        if progress.get("images_per_second"):
            words.append(f"{progress['images_per_second']:,.0f} images per second")
        if self.seconds_left is not None:
            words.append(f"{clock(self.seconds_left)} left")
        return ", ".join(words)

    def to_input(self, images: np.ndarray) -> np.ndarray:
        """Images of the data set, uint8 (N, h, w, c), as the model's input, float32 (N, H, W, C)."""
        from tfpool.models.preprocessing import to_network

        return to_network(images, self.plan, self.spec["recipe"].get("weights")).numpy()

    @property
    def reading(self) -> dict[str, Any]:
        """How image files are read for the model, as those of the data set were: arguments of `data.images.read_image`.

        They are "depth", "pad" and "tiff".
        """
        # Runs of versions before 0.2 did not record it.
        record = self.spec.get("reading") or storage.reading(Path(self.spec["data"]))
        tiff = tiff_choice(record.get("page", 1), record.get("bands"))
        return {"depth": record.get("depth"), "pad": bool(record.get("pad_to_aspect_ratio")), "tiff": tiff}

    def load_model(self) -> keras.Model:
        """The trained model, from the output of `to_input` to logits (N, K). `tfpool.explain` knows how it takes files.

        Raises:
            ValueError: if the run has not finished an epoch yet.
        """
        path = self.checked_model_path()
        from tfpool.models.loading.load import load_model
        from tfpool.models.preprocessing import pixels_text

        model = load_model(path)
        pixels = pixels_text(self.plan, self.spec["recipe"].get("weights"))
        remember_pixels(model, KnownPixels(self.to_input, pixels, "as in its training", self.reading))
        return model

    def checked_model_path(self) -> Path:
        """The file of the trained model, which exists.

        Raises:
            ValueError: if the run has not finished an epoch yet.
        """
        if not self.model_path.exists():
            raise ValueError(f"Run {self.id} is {self.state} and has no model yet: it has not finished an epoch.")
        return self.model_path

    @property
    def first_epoch_path(self) -> Path:
        """first_epoch.csv, written during the first epoch."""
        return self.path / "first_epoch.csv"

    @property
    def first_epoch(self) -> dict[str, list[float]]:
        """Training loss and accuracy within the first epoch, each a mean since the epoch began.

        `epoch` is the fraction of the epoch at each value. The lists are empty if the run has not recorded them.
        """
        columns: dict[str, list[float]] = {name: [] for name in FIRST_EPOCH}
        if self.first_epoch_path.exists():
            with self.first_epoch_path.open(newline="") as file:
                for row in csv.DictReader(file):
                    for name, values in columns.items():
                        values.append(float(row[name]))
        return columns

    @property
    def metadata_path(self) -> Path:
        """run.json, written when the training starts: the spec, the data set's fingerprint and package versions."""
        return self.path / "run.json"


@lru_cache(maxsize=512)
def _plan_of(spec: str) -> Plan:
    try:
        return plan(**json.loads(spec))
    except TypeError as error:
        # Python's own error for an unknown keyword argument.
        raise ValueError(f"This version of tfpool cannot make such a network: {error}.") from None
