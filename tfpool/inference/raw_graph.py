"""A classifier as one graph from raw images to logits and probabilities: pixels are scaled inside."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from tfpool.anatomy.pixel_scale import scale_values
from tfpool.anatomy.split import split_at_image
from tfpool.counting.plan import Plan, plan
from tfpool.inference.classifier import Classifier
from tfpool.models.build import build
from tfpool.models.preprocessing import to_network

_RED, _GREEN, _BLUE, _WHOLE = 19595.0, 38470.0, 7471.0, 65536.0
"""Pillow's weights of gray. All sums stay below 2 ** 24, so float32 holds them exactly."""
_ANY_SIDE = 64
_HALF_PRECISION = ("float16", "bfloat16")


@dataclass(frozen=True)
class ExportGraph:
    """What a converter takes: a model and its input. `sizes` and `outputs` say in words what goes in and comes out."""

    model: keras.Model
    inputs: Sequence[keras.InputSpec]
    sizes: str
    outputs: str

    @property
    def size(self) -> tuple[int | None, ...]:
        """(H, W) of the input, None where any will do."""
        return tuple(self.inputs[0].shape[1:3])


def raw_graph(classifier: Classifier, fixed: bool = False) -> ExportGraph:
    """From uint8 RGB images (N, H, W, 3) to {"logits": (N, K), "probabilities": (N, K)}, float32, in this order.

    H and W are any where the head allows that, unless they are `fixed` to those of the training. A gray classifier gets
    gray as Pillow computes it; images that are gray already stay as they are. What ends in something that cannot be
    taken off gives probabilities alone, and a model of numbers "numbers".
    """
    scale: Callable[[Any], Any]
    takes_any = None in classifier.input_shape
    if classifier.origin is not None:
        widest = _widest(classifier.origin.plan)
        takes_any = None in widest.input_shape
        described = classifier.origin.plan if fixed else widest
        network = _rebuilt(classifier, described)
        scale = partial(to_network, plan=described, weights=classifier.origin.weights)
    else:
        network = classifier.model
        scale = partial(scale_values, mode=classifier.pixels.mode if classifier.pixels else "raw")
        # Refused here, since Keras would put a call's arguments around the message.
        scale(np.zeros((1, 1, 1, classifier.input_shape[-1]), np.float32))
    anatomy = split_at_image(network, classifier.output)
    is_gray = classifier.input_shape[-1] == 1
    shape, name = f"(N, {anatomy.classes})", "numbers" if anatomy.of == "number" else "probabilities"

    class Raw(keras.Model):
        def __init__(self) -> None:
            super().__init__(name="classifier")
            self.network = network

        def call(self, images: Any) -> dict[str, Any]:
            values = ops.cast(images, "float32")
            values = scale(_gray(values) if is_gray else values)
            scores = anatomy.head(values, values)
            if anatomy.of != "logit":
                return {name: scores}
            return {"logits": scores, "probabilities": anatomy.probabilities(scores)}

    outputs = f"{name} {shape}"
    if anatomy.of == "logit":
        function = "sigmoid of each logit" if anatomy.end == "sigmoid" else "softmax of the logits"
        outputs = f"logits {shape}, then probabilities {shape}: {function}"
    spec = keras.InputSpec(shape=(None, *anatomy.image_shape[:2], 3), dtype="uint8", name="images")
    return ExportGraph(_called(Raw(), [spec]), [spec], _sizes(classifier, spec, takes_any), outputs)


def bare_graph(classifier: Classifier) -> ExportGraph:
    """The model as it was trained, which takes images that are scaled already."""
    # Other runtimes do not take the layers of a model that was trained in mixed precision, so build one in float32.
    origin = classifier.origin
    model = classifier.model if origin is None else _rebuilt(classifier, origin.plan)
    specs = [keras.InputSpec(shape=each.shape, dtype=each.dtype, name=each.name) for each in model.inputs]
    shapes = (f"({', '.join(str(side or 'N') for side in each.shape)})" for each in model.outputs)
    outputs = f"{'as the model has them:' if origin is None else 'logits'} {', '.join(shapes)}"
    return ExportGraph(_called(model, specs), specs, _sizes(classifier, specs[0], False), outputs)


@contextmanager
def in_float32(model: keras.Model) -> Iterator[None]:
    """Let layers that compute in half precision compute in float32 meanwhile: converters take no other number."""
    layers = [each for each in (model, *model._flatten_layers()) if each.compute_dtype in _HALF_PRECISION]
    policies = [layer.dtype_policy for layer in layers]
    try:
        for layer in layers:
            layer.dtype_policy = "float32"
        yield
    finally:
        for layer, policy in zip(layers, policies, strict=True):
            layer.dtype_policy = policy


def _called(model: keras.Model, specs: Sequence[keras.InputSpec]) -> keras.Model:
    """Keras exports a model only after a call."""
    examples = [np.zeros([1, *(side or _ANY_SIDE for side in spec.shape[1:])], spec.dtype) for spec in specs]
    model(examples[0] if len(examples) == 1 else examples)
    return model


def _sizes(classifier: Classifier, spec: keras.InputSpec, takes_any: bool) -> str:
    height, width, _ = classifier.input_shape
    if not height or not width:
        return "any"
    if None in spec.shape[1:3]:
        return f"any; trained on {height} x {width}"
    return f"{height} x {width}" + ("; any other once the interpreter's input is resized" if takes_any else "")


def _gray(images: Any) -> Any:
    sums = images[..., :1] * _RED + images[..., 1:2] * _GREEN + images[..., 2:] * _BLUE
    return ops.floor((sums + _WHOLE / 2) / _WHOLE)


def _widest(described: Plan) -> Plan:
    """The same for images of any size, where the head allows that."""
    try:
        return plan(**{**described.spec, "input_shape": (None, None, described.input_shape[-1])})
    except ValueError:
        return described


def _rebuilt(classifier: Classifier, described: Plan) -> keras.Model:
    model = build(described)
    model.set_weights(classifier.model.get_weights())
    return model
