"""A process that explains images with one package, ours or another, each used as its documentation says.

It reads one command per line, runs it, and answers with what it measured. One process per package: PyTorch and
TensorFlow must not be loaded together, and each package's memory is measured by itself.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any, Protocol

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

import tfpool as tp  # noqa: E402
from benchmarks.explaining_case import Case  # noqa: E402

SETTINGS: dict[str, dict[str, Any]] = {"rise": {"masks": 200}}
"""A tenth of the masks: time grows with them, memory does not."""
_KIB = 1024


class Package(Protocol):
    """A package that explains a case. Attributes: `methods`, the names of those it has."""

    methods: tuple[str, ...]

    def forward(self, images: int) -> object:
        """Run that many images through the network."""

    def explain(self, method: str) -> np.ndarray:
        """Maps (N, H, W), as large as the images."""

    def pair(self, method: str, ours: np.ndarray) -> tuple[Any, Any]:
        """The package's maps, and ours from (N, h, w) at the same size, enlarged as the package enlarges its own."""


class Ours:
    """tfpool, which also makes the weights, and picks the classes that every package explains: the predicted ones."""

    def __init__(self, case: Case, folder: Path, enlarged: bool) -> None:
        self._case, self._images, self._enlarged = case, case.pixels, enlarged
        self._model, self._targets = _model(case, folder)
        self._explainer = cache(lambda method: tp.Explainer(self._model, method, **SETTINGS.get(method, {})))
        self._forward = _compiled(self._model)
        self.methods = tp.methods()

    def forward(self, images: int) -> object:
        return self._forward(self._images[:images])

    def explain(self, method: str) -> np.ndarray:
        explanation = self._explainer(method)(self._images, self._targets)
        return explanation.resize(self._images.shape[1:3]) if self._enlarged else explanation.heatmaps

    def heatmaps(self, method: str) -> np.ndarray:
        """Maps (N, h, w) at the resolution of the features."""
        return self._explainer(method)(self._images, self._targets).heatmaps


class TfKerasVis:
    """tf-keras-vis. Maps are compared before it enlarges them, which it does with aligned corners."""

    methods: tuple[str, ...] = ("gradcam", "layercam", "scorecam")

    def __init__(self, case: Case, folder: Path) -> None:
        from tf_keras_vis.utils.scores import CategoricalScore

        self._images = case.pixels
        self._model, targets = _model(case, folder)
        self._layer = tp.Explainer(self._model).layer
        self._score = CategoricalScore(targets.tolist())
        self._forward = _compiled(self._model)

    def forward(self, images: int) -> object:
        return self._forward(self._images[:images])

    def explain(self, method: str, **settings: Any) -> np.ndarray:
        from tf_keras_vis.gradcam import Gradcam
        from tf_keras_vis.layercam import Layercam
        from tf_keras_vis.scorecam import Scorecam
        from tf_keras_vis.utils.model_modifiers import ReplaceToLinear

        if method == "scorecam":
            explainer = Scorecam(self._model)
        else:
            kind = {"gradcam": Gradcam, "layercam": Layercam}[method]
            explainer = kind(self._model, model_modifier=ReplaceToLinear(), clone=False)
        layer = {"penultimate_layer": self._layer, "seek_penultimate_conv_layer": False}
        return np.asarray(explainer(self._score, self._images, **layer, **settings))

    def pair(self, method: str, ours: np.ndarray) -> tuple[Any, Any]:
        return self.explain(method, expand_cam=False, normalize_cam=False), ours


class Xplique:
    """xplique, which enlarges maps by bicubic interpolation."""

    methods: tuple[str, ...] = ("gradcam",)

    def __init__(self, case: Case, folder: Path) -> None:
        from xplique.attributions import GradCAM

        self._images = case.pixels
        self._model, targets = _model(case, folder)
        self._targets = np.eye(case.plan.classes, dtype=np.float32)[targets]
        self._gradcam = GradCAM(self._model, batch_size=case.images, conv_layer=tp.Explainer(self._model).layer)
        self._forward = _compiled(self._model)

    def forward(self, images: int) -> object:
        return self._forward(self._images[:images])

    def explain(self, method: str) -> np.ndarray:
        return self._gradcam(self._images, self._targets).numpy()[..., 0]

    def pair(self, method: str, ours: np.ndarray) -> tuple[Any, Any]:
        import tensorflow as tf

        enlarged = tf.image.resize(ours[..., np.newaxis], self._images.shape[1:3], "bicubic")
        return self.explain(method), enlarged.numpy()[..., 0]


def _model(case: Case, folder: Path) -> tuple[Any, np.ndarray]:
    """The network and the classes to explain."""
    model = tp.build(case.plan, seed=0)
    path = case.weights_path(folder)
    if not path.exists():
        targets = tp.Explainer(model).scores(case.pixels).argmax(axis=1)
        np.savez(path, targets=targets, **{weight.path: weight.numpy() for weight in model.weights})
    with np.load(path) as weights:
        for weight in model.weights:
            weight.assign(weights[weight.path])
        return model, weights["targets"]


def _compiled(model: Any) -> Any:
    import tensorflow as tf

    signature = [tf.TensorSpec(model.input_shape)]
    function = tf.function(lambda images: model(images, training=False), input_signature=signature)
    return lambda images: function(images).numpy()


def _pytorch(case: Case, folder: Path, channels_last: bool) -> Package:
    from benchmarks.explaining_in_pytorch import PytorchGradCam

    return PytorchGradCam(case, folder, channels_last)


PACKAGES: dict[str, Callable[..., Ours | Package]] = {
    "tfpool": partial(Ours, enlarged=False),
    "tfpool, enlarged": partial(Ours, enlarged=True),
    "tf-keras-vis": TfKerasVis,
    "xplique": Xplique,
    "pytorch-grad-cam": partial(_pytorch, channels_last=False),
    "pytorch-grad-cam, channels last": partial(_pytorch, channels_last=True),
}


def difference(theirs: np.ndarray, ours: np.ndarray) -> float:
    """The largest difference between maps (N, H, W), each scaled from 0 to 1."""

    def scaled(maps: np.ndarray) -> np.ndarray:
        low, high = (reduce(maps, axis=(1, 2), keepdims=True) for reduce in (np.min, np.max))
        return (maps - low) / (high - low)

    return float(np.abs(scaled(theirs) - scaled(ours)).max())


def _peak() -> int:
    """The peak memory of this process in bytes."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) * _KIB


def main(name: str, facts: str, place: str) -> None:
    # What the packages print goes to stderr.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)

    def answer(**measured: Any) -> None:
        print(json.dumps(measured), file=answers, flush=True)

    case, folder = Case(**json.loads(facts)), Path(place)
    try:
        package = PACKAGES[name](case, folder)
    except ImportError as error:
        answer(lacks=str(error))
        return
    package.forward(1)
    # Reset the peak, which reading the weights may have raised.
    Path("/proc/self/clear_refs").write_text("5")
    before = _peak()
    answer(methods=package.methods)
    for line in sys.stdin:
        command, method = [*json.loads(line), ""][:2]
        if command == "compare":
            path = folder / f"{case} {method}.npy"
            if isinstance(package, Ours):
                np.save(path, package.heatmaps(method))
                answer()
            else:
                answer(differ=difference(*package.pair(method, np.load(path))))
            continue
        began = time.perf_counter()
        package.forward(case.images) if command == "forward" else package.explain(method)
        seconds = time.perf_counter() - began
        answer(seconds=seconds, grown=_peak() - before)


if __name__ == "__main__":
    main(*sys.argv[1:])
