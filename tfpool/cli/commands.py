"""What each command of `python -m tfpool` does, given its parsed arguments. Each returns the exit code."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfpool import data
from tfpool.cli.runs import show
from tfpool.counting.comparison import compare
from tfpool.counting.counts import Counts
from tfpool.counting.plan import plan
from tfpool.inference.classifier import Classifier, find_classifier, is_model_file
from tfpool.models.keras_code import to_code
from tfpool.system.format import memory, table
from tfpool.system.startup import lasting
from tfpool.system.terminal import bar, quietly
from tfpool.tracking.export import export_model
from tfpool.tracking.store import RunStore
from tfpool.training.recipe import PRETRAINED, WHY_PRETRAINED, Recipe, start_on
from tfpool.validation import at_least


def plan_command(args: argparse.Namespace) -> int:
    shape, settings = _input_shape(args.input), _settings(args.set)
    if is_model_file(args.backbone):
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


def compare_command(args: argparse.Namespace) -> int:
    networks = [_counted(name) if is_model_file(name) else name for name in args.backbones]
    compared = compare(networks, args.head, _input_shape(args.input), args.classes, **_settings(args.set))
    print(compared.to_json() if args.json else compared)
    return 0


def _counted(path: str) -> Counts:
    """The counts of a saved Keras model."""
    with quietly(), lasting():
        from tfpool.models.loading.load import load_model

        return plan(load_model(path))


def train_command(args: argparse.Namespace) -> int:
    from tfpool.cli.recipe_options import recipe_of
    from tfpool.training import enqueue_heads

    store = RunStore(args.store)
    recipe = recipe_of(args)
    queued = enqueue_heads(args.backbone, args.head, args.data, recipe, store, **_settings(args.set))
    _advise(args.data, recipe)
    return _watch(store, queued, args.json)


def sweep_command(args: argparse.Namespace) -> int:
    from tfpool.cli.recipe_options import recipe_of
    from tfpool.training import enqueue_sweep

    store, settings, recipe = RunStore(args.store), _settings(args.set), recipe_of(args)
    seeds = at_least(1, args.seeds, "--seeds")
    name = args.name or " ".join(args.backbones)
    queued = enqueue_sweep(args.backbones, args.head, seeds, args.data, recipe, store, name, **settings)
    _advise(args.data, recipe)
    return _watch(store, queued, args.json)


def _advise(name: str, recipe: Recipe) -> None:
    """Say before training from scratch that the images are few for that."""
    images = data.load(name)
    if recipe.weights is None and start_on(len(images.train)) == PRETRAINED:
        print(f"tfpool: {len(images.train):,} training images {WHY_PRETRAINED}", file=sys.stderr)
        print(f"tfpool: python -m tfpool train {PRETRAINED.arguments} --data {name}", file=sys.stderr)


def resume_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    for run_id in args.runs:
        store.resume(run_id)
    return _watch(store, args.runs, args.json)


def stop_command(args: argparse.Namespace) -> int:
    return _each(args, RunStore.request_stop, "Asked to stop: {}.")


def delete_command(args: argparse.Namespace) -> int:
    return _each(args, RunStore.delete, "Deleted: {0}. To bring back within a day: python -m tfpool undelete {0}")


def undelete_command(args: argparse.Namespace) -> int:
    return _each(args, RunStore.undelete, "Back again: {}.")


def _each(args: argparse.Namespace, change: Callable[[RunStore, str], None], said: str) -> int:
    store = RunStore(args.store)
    for run_id in args.runs:
        change(store, run_id)
    print(json.dumps(args.runs) if args.json else said.format(" ".join(args.runs)))
    return 0


def _watch(store: RunStore, queued: Sequence[str], as_json: bool) -> int:
    """Wait until runs have ended and print them."""
    from tfpool.training.progress import watch

    ended = watch(store, queued)
    show(ended, as_json)
    for run in ended:
        if run.error:
            print(f"tfpool: {run.id} failed. {run.error}", file=sys.stderr)
    return 0 if all(run.state in ("done", "stopped") for run in ended) else 1


def rename_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    store.rename(args.id, args.name)
    title = store.get(args.id).title
    print(json.dumps({"id": args.id, "title": title}) if args.json else f"{args.id} is called {title} now.")
    return 0


def export_command(args: argparse.Namespace) -> int:
    run, out = RunStore(args.store).get(args.id), Path(args.out)
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} to write {out.name} into.")
    with quietly(), lasting():
        export_model(run, out, args.format)
    print(json.dumps({"run": run.id, "format": args.format, "out": args.out}) if args.json else f"Written: {out}")
    return 0


def explain_command(args: argparse.Namespace) -> int:
    with quietly(), lasting():
        classifiers = _classifiers(args, args.model, *args.beside)
        from tfpool.inference.explain_files import Question, explain_files

    settings = {"layer": args.layer, "relu": args.relu, "augment": args.augment}
    question = Question(args.method, args.target, args.against, {**settings, **_settings(args.set)})
    with bar("Explaining") as progress:
        told = explain_files(classifiers, args.images, question, args.out, args.scale, progress)
    if args.json:
        print(json.dumps({"out": args.out, "maps": told}))
        return 0
    rows = [
        (
            each["image"],
            each["model"],
            each["method"],
            each["class_name"] + ("" if each["other_name"] is None else f" and not {each['other_name']}"),
            f"{each['score']:.3f}",
            f"{each['probability']:.1%}",
            each["layer"],
        )
        for each in told
    ]
    print(table(("image", "model", "method", "evidence for", "score", "probability", "layer"), rows, right=(4, 5)))
    print(f"\nWritten: {args.out}")
    return 0


def _classifiers(args: argparse.Namespace, *names: str) -> list[Classifier]:
    if (args.pixels or args.output) and not any(map(is_model_file, names)):
        raise ValueError(f"--pixels and --output are for models from files: of {', '.join(names)} they are known.")
    return [find_classifier(name, RunStore(args.store), args.pixels, args.output) for name in names]


def classify_command(args: argparse.Namespace) -> int:
    with quietly(), lasting():
        import keras  # noqa: F401

        (classifier,) = _classifiers(args, args.model)
    top = min(at_least(1, args.top, "--top"), len(classifier.class_names))
    images = [classifier.read(image) for image in args.images]
    probabilities = np.concatenate([classifier.probabilities(image[np.newaxis]) for image in images])
    named = [
        [{"class_name": classifier.class_names[index], "probability": float(row[index])} for index in best]
        for row, best in zip(probabilities, np.argsort(-probabilities, axis=1)[:, :top], strict=True)
    ]
    if args.json:
        print(json.dumps([{"image": image, "classes": each} for image, each in zip(args.images, named, strict=True)]))
        return 0
    rows = [
        (image if rank == 0 else "", told["class_name"], f"{told['probability']:.1%}")
        for image, each in zip(args.images, named, strict=True)
        for rank, told in enumerate(each)
    ]
    print(table(("image", "class", "probability"), rows, right=(2,)))
    return 0


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
