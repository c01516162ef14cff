"""The command line, `python -m tfpool`: which commands there are and what they take."""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Iterable, Sequence
from typing import Any, NoReturn

from tfpool._version import __version__
from tfpool.cli import commands, data, lab, runs
from tfpool.models.pretrained.imagenet import PIXEL_MODES
from tfpool.networks import heads

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
    """Run one command and return its exit code: 0, 1 where a run failed, 2 on bad input with one line that says why."""
    args = parser().parse_args(arguments)
    try:
        code = args.run(args)
        sys.stdout.flush()
        return code
    except ValueError as error:
        return _fail(str(error))
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:
        # The reader, such as `head`, has seen enough. Python would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0


def _fail(message: str) -> int:
    print(f"tfpool: {' '.join(message.split())}", file=sys.stderr)
    return 2


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        sys.exit(_fail(f"{message}. See {self.prog} --help."))


def parser() -> argparse.ArgumentParser:
    from tfpool.cam.attribution.methods import METHODS
    from tfpool.cam.figures.color_scales import SCALES
    from tfpool.data.registry import DATA

    parser = _Parser(
        prog="python -m tfpool",
        description="One network, any head after its last convolution: count it, train it, look at it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tfpool {__version__}")
    known = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = _add(
        known, "plan", commands.plan_command, "count a network with a head, layer by layer, without building it"
    )
    command.add_argument("backbone", help="a network, such as resnet20 or vgg16, or a saved .keras or .h5 model")
    command.add_argument("--head", help=f"one of {', '.join(heads.HEADS)} (default: as published)")
    command.add_argument("--code", action="store_true", help="print a Python file in plain Keras that builds it")
    _sized(command)
    _step(command)

    command = _add(known, "compare", commands.compare_command, "count networks under several heads side by side")
    command.add_argument("backbones", nargs="+", metavar="backbone", help="names as for plan")
    command.add_argument(
        "--head",
        nargs="+",
        default=["gap", "gmp", "flatten", "fc"],
        help=f"of {', '.join(heads.HEADS)} (default: the first four)",
    )
    _sized(command)

    command = _add(known, "train", commands.train_command, "train a network under one or several heads, side by side")
    command.add_argument("backbone", help="a name as for plan; small images want a small one, such as resnet8")
    _trained(command, DATA)

    text = "train several networks under several heads, each with several seeds, as one sweep"
    command = _add(known, "sweep", commands.sweep_command, text)
    command.add_argument("backbones", nargs="+", metavar="backbone", help="names as for plan")
    command.add_argument("--seeds", type=int, default=3, help="seeds from the recipe's on (default: %(default)s)")
    command.add_argument("--name", help="what the sweep is called (default: the networks)")
    _trained(command, DATA)

    _data(known)

    _listed(_add(known, "runs", runs.runs_command, "list, filter and compare the runs in a store"))

    _runs(_add(known, "resume", commands.resume_command, "go on with runs that were stopped, interrupted or failed"))
    _runs(_add(known, "stop", commands.stop_command, "ask runs to stop; what they have is kept"))
    text = "call a run by another name, which `runs` and the dashboard show; its id stays"
    command = _add(known, "rename", commands.rename_command, text)
    command.add_argument("id", metavar="RUN", help="its id, as `runs` lists it")
    command.add_argument("name", metavar="NAME", help='in any words; "" for its id again')
    _store(command)
    _runs(_add(known, "delete", commands.delete_command, "put runs out of sight; their files stay for a day"))
    _runs(_add(known, "undelete", commands.undelete_command, "bring deleted runs back within a day"))

    command = _add(known, "export", commands.export_command, "write a run's model as one file for elsewhere")
    command.add_argument("id", metavar="RUN", help="its id, as `runs` lists it")
    command.add_argument("--format", choices=("onnx", "keras"), default="onnx", help="default: %(default)s")
    command.add_argument("--out", required=True, help="file to write")
    _store(command)

    command = _add(known, "explain", commands.explain_command, "where trained models look in images")
    _model(command)
    command.add_argument(
        "images", metavar="IMAGE", nargs="+", help="image files; their middle is cut out to the network's proportions"
    )
    command.add_argument("--beside", metavar="MODEL", nargs="+", default=[], help="further models, one column each")
    command.add_argument(
        "--method",
        nargs="+",
        default=["gradcam"],
        help="one or several, one column each, of those below (default: gradcam)",
    )
    command.formatter_class = argparse.RawDescriptionHelpFormatter
    command.epilog = "methods:\n" + "\n".join(
        textwrap.fill(
            f"{name}: {method.summary} Unit: {method.unit}. Cost per image: {method.cost}.",
            width=80,
            initial_indent="  ",
            subsequent_indent="    ",
        )
        for name, method in METHODS.items()
    )
    command.add_argument("--target", metavar="CLASS", help="class to explain, by name or number (default: the top one)")
    command.add_argument("--against", metavar="CLASS", help="class to contrast it with: why this and not that")
    command.add_argument("--layer", nargs="+", help="read there; several are fused (default: what feeds the head)")
    command.add_argument(
        "--relu",
        action=argparse.BooleanOptionalAction,
        help="keep only what speaks for the class, or what speaks against it as well (default: the method's)",
    )
    command.add_argument("--augment", action="store_true", help="mean over mirror images and brightnesses")
    command.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", help="the method's own, as masks=4000")
    command.add_argument(
        "--scale",
        choices=tuple(SCALES),
        help="maps on one scale: of an image, of a method or model, all, or each its own (default: row, and column "
        "where there are several methods)",
    )
    command.add_argument("--out", default="map.png", help="PNG sheet to write (default: %(default)s)")
    _store(command)

    command = _add(known, "classify", commands.classify_command, "what a trained model takes images for")
    _model(command)
    command.add_argument("images", metavar="IMAGE", nargs="+", help="image files, read as `explain` does")
    command.add_argument("--top", type=int, default=5, help="classes to name, likeliest first (default: %(default)s)")
    _store(command)

    _lab(_add(known, "lab", lab.lab_command, "list what articles say of these heads, or measure it"))
    return parser


def _data(known: Any) -> None:
    from tfpool.data.registry import downloads

    command = _add(known, "data", data.list_command, "list what to train on, or make a data set from your own images")
    actions = command.add_subparsers(title="actions", metavar="ACTION")

    action = _add(actions, "check", data.check_command, "look at a folder or zip of images and keep nothing")
    _images(action)

    action = _add(actions, "add", data.add_command, "make a data set from a folder or zip of images")
    _images(action)
    action.add_argument("--name", required=True, help="what to call it, in any words")
    action.add_argument("--size", default="64", help="side in pixels, or 48x64, height first (default: %(default)s)")
    action.add_argument("--grey", action="store_true", help="one channel (default: colour)")
    text = "shares of train, validation and test (default: %(default)s)"
    action.add_argument("--split", default="70/15/15", help=text)
    action.add_argument("--seed", type=int, default=0, help="another one splits otherwise (default: %(default)s)")

    action = _add(actions, "fetch", data.fetch_command, "download a data set of keras.datasets now")
    action.add_argument("name", metavar="NAME", help=f"one of {', '.join(downloads())}")

    action = _add(actions, "remove", data.remove_command, "delete a data set of your own")
    action.add_argument("name", metavar="NAME", help="as `data` lists it")


def _lab(command: argparse.ArgumentParser) -> None:
    command.add_argument("name", metavar="CLAIM", nargs="?", help="its name; without one, all are listed")
    command.add_argument("--all", action="store_true", help="one claim after the other")
    scale = command.add_mutually_exclusive_group()
    scale.add_argument("--quick", action="store_true", help="under a minute, for a look (default)")
    scale.add_argument("--full", action="store_true", help="what the findings rest on; goes on where it was broken off")
    _store(command)


def _images(action: argparse.ArgumentParser) -> None:
    text = "a folder or zip with a sub-folder for each class; train, validation and test folders around them are kept"
    action.add_argument("path", metavar="PATH", help=text)


def _model(command: argparse.ArgumentParser) -> None:
    text = "a run's id, as `runs` lists it; a network with ImageNet weights, such as squeezenet, whose are bundled; or "
    command.add_argument("model", metavar="MODEL", help=f"{text}a Keras model's file")
    command.add_argument(
        "--pixels",
        metavar="MODE",
        help=f"how a file's model takes pixels: {', '.join(f'{mode} ({text})' for mode, text in PIXEL_MODES.items())} "
        "(default: unit, or raw if the model scales them itself)",
    )
    command.add_argument("--output", help="output to ask, by name, of a file's model that has several")


def _add(known: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    command = known.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print JSON for a script")
    return command


def _sized(command: argparse.ArgumentParser) -> None:
    text = "image size: 224, 224x192, 28x28x1, or 'any' where the head allows it (default: as published)"
    command.add_argument("--input", metavar="SIZE", help=text)
    command.add_argument("--classes", type=int, help="number of classes (default: as published)")
    _set(command)


def _set(command: argparse.ArgumentParser) -> None:
    text = "a network's own setting, such as width=0.5 or activation=gelu; may be given several times"
    command.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=text)


def _store(command: argparse.ArgumentParser) -> None:
    default = os.environ.get("TFPOOL_STORE", "saved_models")
    command.add_argument(
        "--store", default=default, help="folder with the runs (default: TFPOOL_STORE or saved_models)"
    )


def _step(command: argparse.ArgumentParser) -> None:
    from tfpool.training.recipe import OPTIMIZERS, Recipe

    default = Recipe()
    text = "images per step, for the memory of training (default: %(default)s)"
    command.add_argument("--batch-size", type=int, default=default.batch_size, help=text)
    command.add_argument("--optimizer", choices=OPTIMIZERS, default=default.optimizer, help="default: %(default)s")


def _trained(command: argparse.ArgumentParser, data: Iterable[str]) -> None:
    from tfpool.cli.recipe_options import add_options

    command.add_argument("--head", nargs="+", default=["gap"], help="heads, one run each (default: gap)")
    text = f"one of {', '.join(data)}, or a data set of your own (default: %(default)s)"
    command.add_argument("--data", default="fashion_mnist", help=text)
    _set(command)
    add_options(command)
    _store(command)


def _listed(command: argparse.ArgumentParser) -> None:
    from tfpool.tracking.query import FACETS, ORDERS

    command.add_argument("text", nargs="*", metavar="TEXT", help="words to look for, in any order")
    for name in FACETS:
        text = f"only those of this {name}; several may be given" if name != "sweep" else "only those of this sweep"
        command.add_argument(f"--{name}", nargs="+", default=[], help=text)
    text = f"the best first: {', '.join(ORDERS)} (default: the newest first)"
    command.add_argument("--sort", metavar="BY", choices=ORDERS, help=text)
    which = command.add_mutually_exclusive_group()
    which.add_argument("--best", action="store_true", help="take the best epoch of each run")
    which.add_argument("--last", action="store_true", help="take the last epoch of each run (default)")
    command.add_argument("--lab", action="store_true", help="also those that the experiments of `lab` trained")
    text = "one row for runs that differ in the seed alone, with mean and 95 %% interval"
    command.add_argument("--seeds", action="store_true", help=text)
    _store(command)


def _runs(command: argparse.ArgumentParser) -> None:
    command.add_argument("runs", nargs="+", metavar="RUN", help="ids, as `runs` lists them")
    _store(command)
