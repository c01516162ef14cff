"""The command line: `python -m tfpool plan|compare|train|runs|explain`."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import tfpool
from tfpool import heads
from tfpool.comparison import compare
from tfpool.counts import Counts
from tfpool.export import to_code
from tfpool.plan import plan
from tfpool.runs import Run, RunStore
from tfpool.table import clock, count, memory, table

_INTERRUPTED = 130
_EPILOG = """examples:
  python -m tfpool plan resnet50 --head flatten --input 224
  python -m tfpool compare resnet20 resnet50 --head gap flatten
  python -m tfpool train resnet8 --head gap flatten --epochs 3
  python -m tfpool runs
  python -m tfpool explain resnet8-gap-1 photo.png --out map.png
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
    from tfpool.data import DATA

    parser = _Parser(
        prog="python -m tfpool",
        description="One network, any head after its last convolution: count it, train it, look at it.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"tfpool {tfpool.__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    command = _add(commands, "plan", _plan, "count a network with a head, layer by layer, without building it")
    command.add_argument("backbone", help="a network, such as resnet20 or vgg16, or a saved .keras or .h5 model")
    command.add_argument("--head", help=f"one of {', '.join(heads.HEADS)} (default: as published)")
    command.add_argument("--code", action="store_true", help="print a Python file in plain Keras that builds it")
    _sized(command)
    _step(command)

    command = _add(commands, "compare", _compare, "count networks under several heads side by side")
    command.add_argument("backbones", nargs="+", metavar="backbone", help="names as for plan")
    command.add_argument(
        "--head",
        nargs="+",
        default=["gap", "gmp", "flatten", "fc"],
        help=f"of {', '.join(heads.HEADS)} (default: the first four)",
    )
    _sized(command)

    command = _add(commands, "train", _train, "train a network under one or several heads, side by side")
    command.add_argument("backbone", help="a name as for plan; small images want a small one, such as resnet8")
    command.add_argument("--head", nargs="+", default=["gap"], help="heads, a run each (default: gap)")
    command.add_argument("--data", default="fashion_mnist", help=f"one of {', '.join(DATA)} (default: %(default)s)")
    _step(command)
    _recipe(command)
    _store(command)

    command = _add(commands, "runs", _runs, "list the runs in a store, newest first")
    _store(command)

    command = _add(commands, "explain", _explain, "where a trained model looks in an image")
    command.add_argument("run_id", metavar="RUN", help="a run's id, as `runs` lists it")
    command.add_argument(
        "image", metavar="IMAGE", help="an image file; its middle is cut out to the network's proportions"
    )
    command.add_argument("--method", default="gradcam", help="cam, gradcam or hirescam (default: %(default)s)")
    command.add_argument("--target", help="class to explain, by name or number (default: the top one)")
    command.add_argument("--out", default="map.png", help="PNG to write, image and map (default: %(default)s)")
    _store(command)
    return parser


def _add(commands: Any, name: str, run: Any, text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
    command.set_defaults(run=run)
    command.add_argument("--json", action="store_true", help="print JSON for a script")
    return command


def _sized(command: argparse.ArgumentParser) -> None:
    text = "image size: 224, 224x192, 28x28x1, or 'any' where the head allows it (default: as published)"
    command.add_argument("--input", metavar="SIZE", help=text)
    command.add_argument("--classes", type=int, help="number of classes (default: as published)")
    text = "a network's own setting, such as width=0.5 or output_stride=8; may be given several times"
    command.add_argument("--set", metavar="NAME=VALUE", action="append", default=[], help=text)


def _store(command: argparse.ArgumentParser) -> None:
    command.add_argument("--store", default="saved_models", help="folder with the runs (default: %(default)s)")


def _step(command: argparse.ArgumentParser) -> None:
    from tfpool.training.recipe import OPTIMIZERS, Recipe

    default = Recipe()
    text = "images a step (default: %(default)s)"
    command.add_argument("--batch-size", type=int, default=default.batch_size, help=text)
    command.add_argument("--optimizer", choices=OPTIMIZERS, default=default.optimizer, help="default: %(default)s")


def _recipe(command: argparse.ArgumentParser) -> None:
    from tfpool.training.recipe import PARTS, SCHEDULES, Recipe

    default = Recipe()
    command.add_argument("--epochs", type=int, default=default.epochs, help="default: %(default)s")
    command.add_argument("--learning-rate", type=float, default=default.learning_rate, help="default: %(default)s")
    command.add_argument("--schedule", choices=SCHEDULES, default=default.schedule, help="default: %(default)s")
    command.add_argument("--train-images", type=int, help="use only the first so many (default: all)")
    command.add_argument("--freeze", choices=PARTS, action="append", default=[], help="do not train this part")
    command.add_argument("--seed", type=int, default=default.seed, help="default: %(default)s")


def _plan(args: argparse.Namespace) -> int:
    shape, settings = _input_shape(args.input), _settings(args.set)
    if _is_file(args.backbone):
        if args.code or settings or any(each is not None for each in (args.head, shape, args.classes)):
            raise ValueError(f"{args.backbone} is counted as it is. Leave out --head, --input and the like.")
        result = _counted(args.backbone)
    else:
        result = plan(args.backbone, args.head, shape, args.classes, **settings)
    training = result.training_bytes(args.batch_size, args.optimizer)
    if args.code:
        print(to_code(result), end="")  # type: ignore[arg-type]
    elif args.json:
        step = {"batch_size": args.batch_size, "optimizer": args.optimizer, "training_bytes": training}
        print(json.dumps({**result.record(), **step}))
    else:
        size = "–" if training is None else memory(training)
        print(f"{result}\n        training {size} with a batch of {args.batch_size} and {args.optimizer}")
    return 0


def _compare(args: argparse.Namespace) -> int:
    networks = [_counted(name) if _is_file(name) else name for name in args.backbones]
    compared = compare(networks, args.head, _input_shape(args.input), args.classes, **_settings(args.set))
    print(compared.to_json() if args.json else compared)
    return 0


def _is_file(name: str) -> bool:
    return name.endswith((".keras", ".h5"))


def _counted(path: str) -> Counts:
    """The counts of a saved Keras model."""
    with _quietly():
        from tfpool.layers import load_model

        return plan(load_model(path))


def _train(args: argparse.Namespace) -> int:
    from tfpool.training import Recipe, enqueue_heads
    from tfpool.training.progress import watch

    names = ("epochs", "batch_size", "optimizer", "learning_rate", "schedule", "train_images", "freeze", "seed")
    recipe = Recipe(**{name: getattr(args, name) for name in names})
    store = RunStore(args.store)
    queued = enqueue_heads(args.backbone, args.head, args.data, recipe, store)
    ended = watch(store, queued)
    _show(ended, args.json)
    for run in ended:
        if run.error:
            print(f"tfpool: {run.id} failed. {run.error}", file=sys.stderr)
    return 0 if all(run.state in ("done", "stopped") for run in ended) else 1


def _runs(args: argparse.Namespace) -> int:
    found = RunStore(args.store).runs()
    if not found and not args.json:
        raise ValueError(f"{args.store} holds no runs yet. Train one: python -m tfpool train resnet8 --head gap")
    _show(found, args.json)
    return 0


def _explain(args: argparse.Namespace) -> int:
    run = RunStore(args.store).get(args.run_id)
    with _quietly():
        from tfpool.cam.sheet import explain_file

    told = explain_file(run, args.image, args.method, args.target, args.out)
    if args.json:
        print(json.dumps(told))
    else:
        print(
            f"{told['class_name']}, score {told['score']:.3f} ({told['probability']:.1%}): "
            f"{args.method} at {told['layer']}, drawn up to ±{told['limit']:.3g} of the score, in {told['out']}"
        )
    return 0


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep what TensorFlow's libraries log while they load off the terminal; no setting of theirs does."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    sys.stderr.flush()
    terminal = os.dup(2)
    try:
        with Path(os.devnull).open("wb") as nowhere:
            os.dup2(nowhere.fileno(), 2)
        yield
    finally:
        os.dup2(terminal, 2)
        os.close(terminal)


def _show(found: Sequence[Run], as_json: bool) -> None:
    if as_json:
        print(json.dumps([_run_record(run) for run in found]))
        return
    rows = [
        (
            run.id,
            run.state,
            f"{len(run.history['loss'])}/{run.epochs}",
            count(run.plan.params),
            _last(run.history["accuracy"]),
            _last(run.history["val_accuracy"]),
            _last([run.result["accuracy"]] if run.result else []),
            clock(sum(run.history["seconds"]) or None),
        )
        for run in found
    ]
    header = ("run", "state", "epochs", "params", "training", "validation", "test", "time")
    print(table(header, rows, right=(2, 3, 4, 5, 6, 7)))


def _last(shares: Sequence[float]) -> str:
    return f"{shares[-1]:.1%}" if shares else "–"


def _run_record(run: Run) -> dict[str, Any]:
    names = ("id", "state", "spec", "history", "result", "error", "created", "started", "ended")
    return {**{name: getattr(run, name) for name in names}, "path": str(run.path)}


def _settings(given: Sequence[str]) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for each in given:
        name, separator, value = each.partition("=")
        if not separator or not name.isidentifier():
            raise ValueError(f"A setting is like width=0.5, got {each!r}.")
        try:
            settings[name] = json.loads(value)
        except json.JSONDecodeError:
            settings[name] = value
    return settings


def _input_shape(text: str | None) -> tuple[int | None, ...] | None:
    if text is None:
        return None
    if text == "any":
        return None, None, 3
    try:
        sizes = [int(size) for size in text.lower().replace("×", "x").split("x")]
    except ValueError:
        sizes = []
    if len(sizes) == 1:
        sizes *= 2
    if len(sizes) not in (2, 3):
        raise ValueError(f"An image size is like 224, 224x192 or 28x28x1, or 'any', got {text!r}.")
    return (*sizes, 3) if len(sizes) == 2 else tuple(sizes)
