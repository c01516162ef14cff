"""A classifier as one ONNX or TFLite file that takes raw images, and says in its metadata what it is."""

from __future__ import annotations

import json
import shutil
import warnings
import zipfile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tfpool._version import __version__
from tfpool.inference.classifier import Classifier
from tfpool.inference.model_facts import model_facts
from tfpool.system.extras import need
from tfpool.system.files import atomic

if TYPE_CHECKING:
    from tfpool.inference.raw_graph import ExportGraph

FORMATS = ("onnx", "tflite")
_KERAS_NAMES = {"onnx": "onnx", "tflite": "litert"}
_AXES = ("N", "height", "width")
FACTS_FILE, LABELS_FILE = "tfpool.json", "labels.txt"
"""Files inside a TFLite file, which is a zip archive as well."""


def write_model(classifier: Classifier, path: Path, format: str = "onnx", bare: bool = False) -> dict[str, str]:
    """Write a classifier for other programs, completely or not at all.

    The graph takes uint8 RGB images (N, H, W, 3), in ONNX of any size that the head allows, and gives logits and
    probabilities, (N, K) each. A bare one takes float32 images that are scaled already, and gives what the model gives.

    Returns:
        The facts in the file's metadata: texts by name, as in `model_facts`.

    Raises:
        ValueError: if the format is unknown, or the converter cannot write the model.
    """
    if format not in FORMATS:
        raise ValueError(f"Expected one of {', '.join(FORMATS)} as the format, got {format!r}.")
    if format == "onnx":
        need("onnx", "tf2onnx")
    from tfpool.inference.raw_graph import bare_graph, in_float32, raw_graph

    with in_float32(classifier.model), TemporaryDirectory(prefix="tfpool-") as folder:
        # TFLite's interpreters begin with one size, and can be given another one.
        graph = bare_graph(classifier) if bare else raw_graph(classifier, fixed=format == "tflite")
        facts = model_facts(classifier, graph.size, graph.sizes, graph.outputs, bare)
        converted = Path(folder, f"model.{format}")
        _convert(graph, classifier.name, converted, format)
        if format == "onnx":
            _describe_onnx(converted, facts)
        else:
            _describe_tflite(converted, facts, classifier.class_names)
        with atomic(path) as temporary:
            shutil.copyfile(converted, temporary)
    return facts


def _convert(graph: ExportGraph, name: str, path: Path, format: str) -> None:
    import keras

    if format == "tflite" and tuple(map(int, keras.__version__.split(".")[:2])) < (3, 13):
        raise ValueError(
            f"Keras {keras.__version__} writes no TFLite. Install Keras 3.13 or newer, or use --format onnx."
        )
    try:
        # The converters warn of what their own packages do.
        with warnings.catch_warnings(action="ignore"):
            graph.model.export(path, format=_KERAS_NAMES[format], verbose=False, input_signature=list(graph.inputs))
    except Exception as error:
        # Converters raise errors of many types and many lines.
        reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
        raise ValueError(f"{name} cannot be written as {format}: {reason.rstrip('.')}. Use another --format.") from None


def _describe_onnx(path: Path, facts: dict[str, str]) -> None:
    import onnx

    model = onnx.load(path)
    onnx.helper.set_model_props(model, facts)
    model.producer_name, model.producer_version = "tfpool", __version__
    model.doc_string = f"{facts['model']}: {facts['task']}. Input: {facts['input']}. Outputs: {facts['outputs']}."
    for value in (*model.graph.input, *model.graph.output):
        for axis, size in zip(_AXES, value.type.tensor_type.shape.dim, strict=False):
            # The converter calls what it does not know unk__204.
            if not size.dim_value:
                size.dim_param = axis
    onnx.checker.check_model(model)
    onnx.save(model, path)


def _describe_tflite(path: Path, facts: dict[str, str], class_names: tuple[str, ...]) -> None:
    """Append a zip archive, which TFLite's readers of metadata know, and its interpreters pass over."""
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(LABELS_FILE, "".join(f"{name}\n" for name in class_names))
        archive.writestr(FACTS_FILE, json.dumps(facts, ensure_ascii=False, indent=2))
