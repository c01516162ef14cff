"""What a file or folder is, by its content rather than its name, and what to do with one that is no Keras model.

Nothing in a file is run here, and Keras is not loaded.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from zipfile import ZipFile, is_zipfile

import h5py  # type: ignore[import-untyped]

HDF5 = b"\x89HDF\r\n\x1a\n"
_READ = 4096
_MODEL = "A model's file ends in .keras or .h5."
_RESAVE = f"{_MODEL} Save it from the program that made it, with model.save('model.keras')."
_REBUILD = f"{_MODEL} Build the model in Keras, load its weights into it, and save it with model.save('model.keras')."
WEIGHTS_ALONE = f"holds the weights of a model without the model. {_REBUILD}"
NOT_KERAS = f"is an HDF5 file with neither a Keras model nor weights. {_MODEL}"


def format_of(path: Path) -> str:
    """How Keras can open a file: "keras", a zip archive with a model's config, or "h5", an HDF5 file with one.

    Raises:
        ValueError: the file or folder holds no Keras model. The message says what it is and what to do.
    """
    if path.is_dir():
        raise ValueError(f"{path} is {_folder(path)}")
    if not path.is_file():
        raise ValueError(f"There is no file {path}.")
    with path.open("rb") as file:
        start = file.read(_READ)
    if start.startswith(HDF5):
        return "h5"
    if is_zipfile(path):
        with ZipFile(path) as archive:
            names = archive.namelist()
        if {"config.json", "model.weights.h5"} & set(names):
            return "keras"
        raise ValueError(f"{path} is {_archive(names)}")
    raise ValueError(f"{path} is {_file(path, start)}")


def holds_weights_alone(file: h5py.File) -> bool:
    """Whether an HDF5 file has the layout of `model.save_weights`, without a model."""
    layouts = {"layers", "_layer_checkpoint_dependencies", "model_weights", "vars"}
    return "layer_names" in file.attrs or bool(layouts & set(file))


def _folder(path: Path) -> str:
    names = {entry.name for entry in path.iterdir()}
    if names & {"saved_model.pb", "saved_model.pbtxt"}:
        return f"a SavedModel, whose layers Keras 3 cannot read. {_RESAVE}"
    if "run.json" in names:
        return f"the folder of a run. Use the run's name, {path.name}, or the file model.keras in it."
    if {"config.json", "model.weights.h5"} <= names:
        return f"an unpacked .keras file. {_MODEL} Pack the folder's content into a zip archive with such a name."
    if "model.json" in names:
        return f"a model for TensorFlow.js. {_RESAVE}"
    if "checkpoint" in names or any(name.endswith((".index", "_METADATA")) for name in names):
        return f"a checkpoint: weights without a model. {_REBUILD}"
    if any(name.endswith((".mlmodel", ".safetensors")) for name in names):
        return f"a model of another framework. {_RESAVE}"
    models = sorted(name for name in names if name.endswith((".keras", ".h5")))
    inside = f" There is {models[0]} in it." if models else ""
    return f"a folder. {_MODEL}{inside}"


def _archive(names: list[str]) -> str:
    ends = tuple(names)
    if any(name.endswith(("saved_model.pb", "saved_model.pbtxt")) for name in ends):
        return f"a zip archive of a SavedModel, whose layers Keras 3 cannot read. {_RESAVE}"
    if any(name.endswith("data.pkl") for name in ends):
        return f"a PyTorch file. Keras cannot open it, nor convert it. {_RESAVE}"
    models = sorted(name for name in ends if name.endswith((".keras", ".h5")) and not name.endswith(".weights.h5"))
    if models:
        return f"a zip archive with {Path(models[0]).name} in it. Unpack it, and give that file. {_MODEL}"
    if any(name.endswith("model.json") for name in ends):
        return f"a zip archive of a model for TensorFlow.js. {_RESAVE}"
    if any(name.endswith(".npy") for name in ends):
        return f"an archive of NumPy arrays: weights without a model. {_REBUILD}"
    if any(name.endswith("weights.h5") for name in ends):
        return f"an archive of weights without a model. {_REBUILD}"
    return f"a zip archive without a Keras model. {_MODEL}"


def _file(path: Path, start: bytes) -> str:
    for belongs, description in _KINDS:
        if belongs(path, start):
            return description
    return f"no model of Keras. {_MODEL}"


def _suffix(*endings: str) -> Callable[[Path, bytes], bool]:
    return lambda path, _: path.name.lower().endswith(endings)


def _start(*starts: bytes) -> Callable[[Path, bytes], bool]:
    return lambda _, start: start.startswith(starts)


def _is_tflite(path: Path, start: bytes) -> bool:
    return start[4:8] == b"TFL3" or path.suffix.lower() == ".tflite"


def _is_onnx(path: Path, start: bytes) -> bool:
    # A protobuf whose first field is the version, from 3 on, and whose second is the name of the producer.
    return path.suffix.lower() == ".onnx" or (start[:1] == b"\x08" and start[1:2] > b"\x02" and start[2:3] == b"\x12")


def _is_saved_model(path: Path, start: bytes) -> bool:
    # A protobuf whose first field is the version, always 1, and whose second is a graph.
    return path.name in ("saved_model.pb", "saved_model.pbtxt") or start.startswith(b"\x08\x01\x12")


def _is_checkpoint(path: Path, _: bytes) -> bool:
    return path.suffix in (".index", ".ckpt") or ".data-0" in path.name or path.name == "checkpoint"


def _is_json(path: Path, start: bytes) -> bool:
    return path.suffix.lower() in (".json", ".yaml", ".yml") or start.lstrip().startswith(b"{")


def _is_tensorflow_js(path: Path, start: bytes) -> bool:
    return b'"modelTopology"' in start or b'"weightsManifest"' in start


def _is_web_page(_: Path, start: bytes) -> bool:
    return start.lstrip()[:15].lower().startswith((b"<!doctype html", b"<html"))


_OTHER = f"a model of another framework. Keras cannot open it, nor convert it. {_RESAVE}"
_KINDS: list[tuple[Callable[[Path, bytes], bool], str]] = [
    (lambda _, start: not start, f"empty. {_MODEL} Copy or download it again."),
    (_start(b"version https://git-lfs"), "a pointer of Git LFS in place of a file. Fetch the file with git lfs pull."),
    (_is_web_page, f"a web page, perhaps saved in place of a model. {_MODEL} Download it again."),
    (_is_tflite, f"a TensorFlow Lite model, which cannot be turned back into layers. {_RESAVE}"),
    (_is_tensorflow_js, f"a model for TensorFlow.js. {_RESAVE}"),
    (_is_onnx, f"an ONNX model. Keras cannot open it, nor convert it. {_RESAVE}"),
    (_is_saved_model, f"a SavedModel, whose layers Keras 3 cannot read. {_RESAVE}"),
    (_suffix(".pb", ".pbtxt"), f"a graph of TensorFlow, whose layers Keras 3 cannot read. {_RESAVE}"),
    (_suffix(".pt", ".pth"), f"a PyTorch file. Keras cannot open it, nor convert it. {_RESAVE}"),
    (_suffix(".safetensors"), f"a file of weights without a model. {_REBUILD}"),
    (
        _suffix(".mlmodel", ".mlpackage", ".engine", ".trt", ".caffemodel", ".params", ".weights", ".xml", ".bin"),
        _OTHER,
    ),
    (_is_checkpoint, f"part of a checkpoint: weights without a model. {_REBUILD}"),
    (_start(b"\x93NUMPY"), f"an array of NumPy. {_REBUILD}"),
    (_start(b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"RIFF"), f"an image. {_MODEL}"),
    (
        lambda path, start: path.suffix in (".pkl", ".pickle", ".joblib", ".sav") or start[:1] == b"\x80",
        f"a pickle, which could run any code when it is opened. {_RESAVE}",
    ),
    (_is_json, f"a description without weights. {_REBUILD}"),
    (_start(b"PK"), f"a zip archive whose end is missing. {_MODEL} Copy or download it again."),
    (_suffix(".keras"), "no zip archive, as a .keras file is. Copy or download it again."),
    (_suffix(".h5", ".hdf5"), "no HDF5 file, as an .h5 file is. Copy or download it again."),
]
"""What files that Keras cannot open look like, the surest signs first."""
