"""The commands of `python -m tfpool` and their options. What a command does is in the module of its topic."""

from __future__ import annotations

import argparse
import os
import re
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from tfpool._version import __version__
from tfpool.anatomy.pixel_scale import PIXEL_MODES
from tfpool.cam.attribution.methods import METHODS
from tfpool.cam.figures.color_scales import SCALES
from tfpool.cli import (
    app_command,
    data_commands,
    data_edit_commands,
    export_commands,
    image_commands,
    lab_commands,
    network_commands,
    run_commands,
    training_commands,
)
from tfpool.cli.recipe_options import add_options
from tfpool.data.registry import DATA, downloads
from tfpool.networks import heads
from tfpool.system.extras import named_extras
from tfpool.system.terminal import warnings_in_words
from tfpool.tracking.query import FACETS, ORDERS
from tfpool.tracking.store import default_store
from tfpool.training.recipe import OPTIMIZERS, Recipe

_INTERRUPTED = 130
_EPILOG = """examples:
  python -m tfpool plan resnet50 --head flatten --input 224
  python -m tfpool compare resnet20 resnet50 --head gap flatten
  python -m tfpool train resnet8 --head gap flatten --epochs 3
  python -m tfpool data add photos.zip --name "My photos" --size 64
  python -m tfpool runs
  python -m tfpool explain resnet8-gap-1 photo.png --out map.png
  python -m tfpool classify squeezenet photo.png
  python -m tfpool lab overfitting --quick
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0, 1 if a run failed, 2 on bad input, which one line explains."""
    args = parser().parse_args(arguments)
    try:
        with warnings_in_words(), named_extras():
            code = args.run(args)
        sys.stdout.flush()
        return code
    except ValueError as error:
        return _fail(_with_options(str(error), vars(args)))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has closed the pipe. Python would otherwise complain once more when it exits.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _with_options(message: str, options: Mapping[str, Any]) -> str:
    """A message that names options as on the command line: "Use --layer with", not "Use layer= with"."""
    names = "|".join(options)
    return re.sub(rf"\b({names})=", r"--\1", re.sub(rf"\b({names})=(?=[\w'\"\[])", r"--\1 ", message))


def _fail(message: str) -> int:
    print(f"tfpool: {' '.join(message.split())}", file=sys.stderr)
    return 2


def _program() -> str:
    """How this process was started: by the command `tfpool`, or by `python -m tfpool`."""
    return "tfpool" if Path(sys.argv[0]).stem == "tfpool" else "python -m tfpool"


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.exit(_fail(f"{message}. See {self.prog} --help."))


def parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog=_program(),
        description="One network, any head after its last convolution: count it, train it, look at it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tfpool {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    text = "count a network with a head, layer by layer, without building it"
    command = _add(commands, "plan", network_commands.plan_command, text)
    command.add_argument("backbone", help="a network, such as resnet20 or vgg16, or a saved .keras or .h5 model")
    command.add_argument("--head", help=f"head, one of {', '.join(heads.HEADS)} (default: as published)")
    command.add_argument("--code", action="store_true", help="print a Python file that builds the network in Keras")
    _add_shape(command)
    default, text = Recipe(), "images per step, to count the memory that training takes (default: %(default)s)"
    command.add_argument("--batch-size", type=int, default=default.batch_size, help=text)
    text = "optimizer, to count the memory that training takes (default: %(default)s)"
    command.add_argument("--optimizer", choices=OPTIMIZERS, default=default.optimizer, help=text)

    text = "count networks with several heads side by side"
    command = _add(commands, "compare", network_commands.compare_command, text)
    command.add_argument("backbones", nargs="+", metavar="backbone", help="networks or saved models, as for plan")
    text = f"heads to compare, of {', '.join(heads.HEADS)} (default: the first four)"
    command.add_argument("--head", nargs="+", default=["gap", "gmp", "flatten", "fc"], help=text)
    _add_shape(command)

    text = "train a network with one or several heads, side by side"
    command = _add(commands, "train", training_commands.train_command, text)
    command.add_argument("backbone", help="a network, such as resnet8 for small images")
    _add_training(command)

    text = "train several networks with several heads, each with several seeds, as one sweep"
    command = _add(commands, "sweep", training_commands.sweep_command, text)
    command.add_argument("backbones", nargs="+", metavar="backbone", help="networks, such as resnet8 and convnet")
    command.add_argument("--seeds", type=int, default=3, help="number of seeds (default: %(default)s)")
    command.add_argument("--name", help="name of the sweep (default: the networks)")
    _add_training(command)

    _add_data(commands)

    _add_filters(_add(commands, "runs", run_commands.runs_command, "list, filter and compare the runs in a store"))

    text = "resume runs that were stopped, interrupted or failed"
    command = _add(commands, "resume", training_commands.resume_command, text)
    _add_run_ids(command)
    _add_place(command, "where they were trained before; `here` for this machine")
    _add_run_ids(_add(commands, "stop", run_commands.stop_command, "stop runs and save what they have trained so far"))
    text = "give a run a title for `runs` and the dashboard; the id stays the same"
    command = _add(commands, "rename", run_commands.rename_command, text)
    command.add_argument("id", metavar="RUN", help="id of the run, as `runs` lists it")
    command.add_argument("name", metavar="NAME", help='any text; "" restores the id')
    _add_store(command)
    _add_run_ids(_add(commands, "delete", run_commands.delete_command, "delete runs; undelete restores them for a day"))
    _add_run_ids(_add(commands, "undelete", run_commands.undelete_command, "restore runs deleted within a day"))

    text = "save a model as one file for other programs, a run's predictions as a table, or runs for MLflow"
    command = _add(commands, "export", export_commands.export_command, text)
    _add_model(command, nargs="*")
    command.add_argument(
        "--format",
        choices=export_commands.EXPORTS,
        help="the model as onnx or tflite, which take raw RGB images and say so in their metadata, or as keras; as CSV "
        "a run's predictions for the test images, or its classes with precision, recall and confusion matrix; runs as "
        "mlflow, all of the store if none is named (default: by the suffix of --out, otherwise onnx)",
    )
    text = "leave the scaling of pixels and the probabilities out of onnx or tflite: the model as it was trained"
    command.add_argument("--bare", action="store_true", help=text)
    command.add_argument("--out", required=True, help="file to write, or folder for mlflow, such as mlruns")
    _add_store(command)

    text = "show where in images trained models find evidence for a class"
    command = _add(commands, "explain", image_commands.explain_command, text)
    _add_model(command)
    text = "image files; each is cropped around its center, or padded, as the images of training were"
    command.add_argument("images", metavar="IMAGE", nargs="+", help=text)
    command.add_argument("--beside", metavar="MODEL", nargs="+", default=[], help="further models, one column each")
    text = "one or several of the methods below, one column each (default: gradcam)"
    command.add_argument("--method", nargs="+", default=["gradcam"], help=text)
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    wrap = textwrap.TextWrapper(width=80, initial_indent="  ", subsequent_indent="    ").fill
    command.epilog = "methods:\n" + "\n".join(
        wrap(f"{name}: {method.summary} Unit: {method.unit}. Cost per image: {method.cost}.")
        for name, method in METHODS.items()
    )
    command.add_argument("--target", metavar="CLASS", help="class to explain, by name or number (default: the top one)")
    command.add_argument(
        "--against", metavar="CLASS", help="contrast class: explain why the target rather than this class"
    )
    command.add_argument("--layer", nargs="+", help="layers to read, fused if several (default: the head's input)")
    text = "keep only evidence for the class; --no-relu keeps evidence against the class, too (default: the method's)"
    command.add_argument("--relu", action=argparse.BooleanOptionalAction, help=text)
    command.add_argument("--augment", action="store_true", help="average over mirrored and brighter or darker images")
    command.add_argument(
        "--set", nargs="+", default=[], metavar="NAME=VALUE", help="settings of the method, such as masks=4000"
    )
    text = "maps that share one color scale: of a row, a column, the sheet, or none (default: row, or column for "
    text += "several methods; fewer maps where one would be blank)"
    command.add_argument("--scale", choices=tuple(SCALES), help=text)
    command.add_argument("--out", default="map.png", help="PNG file to write (default: %(default)s)")
    _add_tiff(command)
    _add_store(command)

    text = "predict the class of images"
    command = _add(commands, "classify", image_commands.classify_command, text)
    _add_model(command)
    text = "image files, and folders or zips with images, cropped or padded as for explain"
    command.add_argument("images", metavar="IMAGE", nargs="+", help=text)
    command.add_argument("--top", type=int, default=5, help="number of classes, likeliest first (default: %(default)s)")
    text = "CSV file to write: file, class, probability, and the next classes"
    command.add_argument("--out", metavar="FILE", help=text)
    text = "folder to copy each image into, in a sub-folder per class"
    command.add_argument("--sort", type=Path, metavar="FOLDER", help=text)
    text = "probability from 0 to 1 that the likeliest class needs, or else the answer is none of these (default: 0)"
    command.add_argument("--threshold", type=float, default=0.0, help=text)
    _add_tiff(command)
    _add_store(command)

    text = "open the dashboard"
    command = commands.add_parser("app", help=text, description="Open the dashboard in a browser.")
    command.set_defaults(run=app_command.app_command)
    text = "port to serve the dashboard at (default: 8501)"
    command.add_argument("--port", type=int, help=text)
    text = "further options for `streamlit run`, after `--`, such as: -- --server.headless true"
    command.add_argument("options", metavar="OPTION", nargs="*", help=text)
    _add_store(command)

    text = "list what articles claim about pooling heads, or measure a claim"
    command = _add(commands, "lab", lab_commands.lab_command, text)
    command.add_argument("name", metavar="CLAIM", nargs="?", help="name of a claim (default: list all)")
    command.add_argument("--all", action="store_true", help="run all claims, one after the other")
    scale = command.add_mutually_exclusive_group()
    scale.add_argument("--quick", action="store_true", help="measure a small part in about a minute (default)")
    scale.add_argument(
        "--full",
        action="store_true",
        help="repeat the shipped experiment, which may take hours and continues after a stop",
    )
    _add_place(command)
    _add_store(command)
    return parser


def _add(commands: Any, name: str, run: Callable[[argparse.Namespace], int], text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print JSON for a script")
    return command


def _add_data(commands: Any) -> None:
    text = "list the data sets, or make one from your own images"
    command = _add(commands, "data", data_commands.list_command, text)
    actions = command.add_subparsers(title="actions", metavar="ACTION")

    action = _add(
        actions, "check", data_commands.check_command, "report on a folder or zip of images without saving anything"
    )
    _add_images(action)

    action = _add(actions, "add", data_commands.add_command, "make a data set from a folder or zip of images")
    _add_images(action)
    action.add_argument("--name", required=True, help="name of the data set, any text")
    action.add_argument("--size", default="64", help="side in pixels, or 48x64, height first (default: %(default)s)")
    action.add_argument("--grey", action="store_true", help="convert the images to gray, one channel (default: color)")
    text = "add black on two sides of an image instead of cropping the other two, here and when a model is used"
    action.add_argument("--pad", action="store_true", help=text)
    text = "keep pictures that are nearly equal, such as frames of a film, in one part (default: --near-duplicates)"
    action.add_argument("--near-duplicates", action=argparse.BooleanOptionalAction, default=True, help=text)
    text = "percentages for train, validation and test (default: %(default)s)"
    action.add_argument("--split", default="70/15/15", help=text)
    action.add_argument("--seed", type=int, default=0, help="random seed of the split (default: %(default)s)")

    text = "make a data set of another one and the images of a folder or zip"
    action = _add(actions, "extend", data_edit_commands.extend_command, text)
    action.add_argument("data", metavar="DATA", help="the data set to add images to; it does not change")
    _add_source(action)
    action.add_argument("--name", required=True, help="name of the new data set, any text")

    action = _add(actions, "merge", data_edit_commands.merge_command, "make one data set of several")
    action.add_argument("data", metavar="DATA", nargs="+", help="data sets with images of one size; they do not change")
    action.add_argument("--name", required=True, help="name of the new data set, any text")

    text = "make a data set of another one with classes renamed, joined or left out"
    action = _add(actions, "edit", data_edit_commands.edit_command, text)
    action.add_argument("data", metavar="DATA", help="the data set to start from; it does not change")
    text = "new names of classes; classes that get one name become one"
    action.add_argument("--rename", metavar="OLD=NEW", nargs="+", default=[], help=text)
    action.add_argument("--drop", metavar="CLASS", nargs="+", default=[], help="classes to leave out")
    action.add_argument("--name", required=True, help="name of the new data set, any text")

    action = _add(actions, "fetch", data_commands.fetch_command, "download a data set of keras.datasets")
    action.add_argument("name", metavar="NAME", help=f"one of {', '.join(downloads())}")

    action = _add(actions, "remove", data_commands.remove_command, "delete a data set of your own")
    action.add_argument("name", metavar="NAME", help="name of the data set, as `data` lists it")
    text = "remove it even if runs are queued or running on it; the command prints what happens to them"
    action.add_argument("--force", action="store_true", help=text)
    _add_store(action)


def _add_source(action: argparse.ArgumentParser) -> None:
    text = "a folder or zip with one sub-folder per class, also inside or around folders train, validation and test"
    action.add_argument("path", metavar="PATH", help=text)
    text = "how to understand PATH: folders, inner, outer, table, names or boxes, or longer, as `data check` offers it"
    action.add_argument("--reading", help=f"{text} (default: a class per folder)")
    text = "of names in a zip that do not say theirs, and of tables not in Unicode: gbk, cp1250 … (default: a guess)"
    action.add_argument("--encoding", help=text)


def _add_images(action: argparse.ArgumentParser) -> None:
    _add_source(action)
    text = (
        "pattern of the file names whose files belong together, such as those of a patient or a film, and stay in one "
        "part: '{group}_*', or a regular expression such as 'patient([0-9]+)'"
    )
    action.add_argument("--group-by", metavar="PATTERN", help=text)
    text = "of TIFF files: a number, or all to use each page as an image (default: %(default)s)"
    action.add_argument("--page", default="1", help=text)
    _add_bands(action, "as the file says")


def _add_bands(action: argparse.ArgumentParser, default: str) -> None:
    text = f"which bands of TIFF files are red, green and blue, such as 4,3,2 (default: {default})"
    action.add_argument("--bands", help=text)


def _add_tiff(command: argparse.ArgumentParser) -> None:
    default = "as the images of training, otherwise {}"
    text = f"number of the page that is read of TIFF files (default: {default.format('the first')})"
    command.add_argument("--page", help=text)
    _add_bands(command, default.format("as the file says"))


def _add_model(command: argparse.ArgumentParser, nargs: str | None = None) -> None:
    text = "id of a run, a network with ImageNet weights, such as squeezenet (bundled), or a saved Keras model"
    command.add_argument("model", metavar="MODEL", nargs=nargs, help=text)
    command.add_argument(
        "--pixels",
        metavar="MODE",
        help=f"pixel scale of a saved model: {', '.join(f'{mode} ({text})' for mode, text in PIXEL_MODES.items())} "
        "(default: as the arithmetic at the model's input expects, otherwise unit; the command prints the choice)",
    )
    command.add_argument("--output", help="name of the output to read, if a saved model has several")


def _add_shape(command: argparse.ArgumentParser) -> None:
    text = "image size: 224, 224x192, 28x28x1, or 'any' where the head allows it (default: as published)"
    command.add_argument("--input", metavar="SIZE", help=text)
    command.add_argument("--classes", type=int, help="number of classes (default: as published)")
    _add_settings(command)


def _add_settings(command: argparse.ArgumentParser) -> None:
    text = "a setting of the network, such as width=0.5 or activation=gelu; can be repeated"
    command.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=text)


def _add_store(command: argparse.ArgumentParser) -> None:
    text = "folder of the runs (default: TFPOOL_STORE or saved_models)"
    command.add_argument("--store", default=str(default_store()), help=text)


def _add_training(command: argparse.ArgumentParser) -> None:
    command.add_argument("--head", nargs="+", default=["gap"], help="heads, each with a run of its own (default: gap)")
    text = f"one of {', '.join(DATA)}, or a data set of your own (default: %(default)s)"
    command.add_argument("--data", default="fashion_mnist", help=text)
    _add_settings(command)
    add_options(command)
    _add_place(command)
    _add_store(command)


def _add_place(command: argparse.ArgumentParser, default: str = "this machine") -> None:
    text = f"train on a Dask cluster, such as tcp://scheduler:8786 (default: {default})"
    command.add_argument("--on", metavar="ADDRESS", help=text)
    text = (
        "folder that all machines reach, such as s3://bucket/runs, for the cluster's files (default: Dask sends them)"
    )
    command.add_argument("--artifacts", metavar="URL", help=text)


_FILTERS = {
    "data": "only runs on these data sets",
    "network": "only runs of these networks",
    "head": "only runs with these heads",
    "state": "only runs in these states",
    "sweep": "only the runs of these sweeps",
}


def _add_filters(command: argparse.ArgumentParser) -> None:
    command.add_argument("text", nargs="*", metavar="TEXT", help="search words, in any order")
    for name in FACETS:
        command.add_argument(f"--{name}", nargs="+", default=[], help=_FILTERS[name])
    text = f"sort by one of {', '.join(ORDERS)}, best first (default: newest first)"
    command.add_argument("--sort", metavar="BY", choices=ORDERS, help=text)
    epoch = command.add_mutually_exclusive_group()
    epoch.add_argument("--best", action="store_true", help="show the best epoch of each run")
    epoch.add_argument("--last", action="store_true", help="show the last epoch of each run (default)")
    command.add_argument("--lab", action="store_true", help="include the runs that `lab` trained")
    text = "one row per group of runs that differ in the seed alone, with mean and 95 %% interval"
    command.add_argument("--seeds", action="store_true", help=text)
    _add_store(command)


def _add_run_ids(command: argparse.ArgumentParser) -> None:
    command.add_argument("runs", nargs="+", metavar="RUN", help="ids of runs, as `runs` lists them")
    _add_store(command)
