"""`explain` and `classify`: what models predict for image files, and why."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tfpool.cli.option_values import settings
from tfpool.data.custom.frequent_reasons import frequent_reasons
from tfpool.inference.classifier import Classifier, find_classifier, is_model_file
from tfpool.inference.classify_files import CSV_TOP, Prediction, classify_files, is_collection, write_csv
from tfpool.inference.pixel_check import pixel_record
from tfpool.system.format import percent, table
from tfpool.system.startup import skip_garbage_collection
from tfpool.system.terminal import bar, hide_logs
from tfpool.tracking.store import RunStore
from tfpool.validation import at_least


def explain_command(args: argparse.Namespace) -> int:
    with hide_logs(), skip_garbage_collection():
        found = find_classifiers(args, args.model, *args.beside)
        classifiers = [classifier.reads_tiff(args.page, args.bands) for classifier in found]
        from tfpool.inference.explain_files import Question, explain_files

    options = {"layer": args.layer, "relu": args.relu, "augment": args.augment, **settings(args.set)}
    question = Question(args.method, args.target, args.against, options)
    with bar("Explaining") as progress:
        maps = explain_files(classifiers, args.images, question, args.out, args.scale, progress)
    print_pixels([row["pixels"] for row in maps])
    if args.json:
        print(json.dumps({"out": args.out, "maps": maps}))
        return 0
    rows = [
        (
            row["image"],
            row["model"],
            row["method"],
            row["class_name"] + ("" if row["other_name"] is None else f" rather than {row['other_name']}"),
            f"{row['score']:.3f}",
            percent(row["probability"]),
            row["layer"],
        )
        for row in maps
    ]
    print(table(("image", "model", "method", "evidence for", "score", "probability", "layer"), rows, right=(4, 5)))
    print(f"\nSaved {args.out}")
    return 0


def classify_command(args: argparse.Namespace) -> int:
    with hide_logs(), skip_garbage_collection():
        import keras  # noqa: F401

        (found,) = find_classifiers(args, args.model)
        classifier = found.reads_tiff(args.page, args.bands)
    at_least(1, args.top, "--top")
    with bar("Classifying") as progress:
        # Ask for as many classes as the table of --out has.
        top = max(args.top, CSV_TOP) if args.out else args.top
        answers = classify_files(classifier, args.images, top, args.threshold, args.sort, progress)
    pixels = pixel_record(classifier, answers.samples)
    print_pixels([pixels])
    if answers.left_out:
        print(f"tfpool: Of the files, {frequent_reasons(answers.left_out)}.", file=sys.stderr)
    if args.out:
        write_csv(answers.predictions, Path(args.out))
    if args.json:
        print(json.dumps([_record(each, pixels, args) for each in answers.predictions]))
    else:
        print(table(("image", "class", "probability"), _rows(answers.predictions, args), right=(2,)))
        if args.out:
            print(f"\nSaved {args.out}")
    return 1 if {name for name, _ in answers.left_out}.intersection(args.images) else 0


def _record(each: Prediction, pixels: dict[str, Any] | None, args: argparse.Namespace) -> dict[str, Any]:
    classes = [{"class_name": name, "probability": probability} for name, probability in each.classes[: args.top]]
    return {"image": each.image, "pixels": pixels, "class_name": each.class_name, "classes": classes}


def _rows(predictions: Sequence[Prediction], args: argparse.Namespace) -> list[tuple[str, str, str]]:
    """A row per image where there are many, otherwise one per class."""
    if any(map(is_collection, args.images)):
        return [(each.image, _answer(each), percent(each.classes[0][1])) for each in predictions]
    return [
        (each.image if rank == 0 else "", _answer(each) if rank == 0 else name, percent(probability))
        for each in predictions
        for rank, (name, probability) in enumerate(each.classes[: args.top])
    ]


def _answer(each: Prediction) -> str:
    """The class, and the likeliest one where that is another."""
    likeliest = each.classes[0][0]
    return each.class_name if each.class_name == likeliest else f"{each.class_name} (likeliest: {likeliest})"


def print_pixels(records: Sequence[dict[str, Any] | None]) -> None:
    """Say on stderr how models take their pixels, each once, and what speaks against that."""
    texts = [text for record in records if record for text in (record["sentence"], record["warning"]) if text]
    for text in dict.fromkeys(texts):
        print(f"tfpool: {text}", file=sys.stderr)


def find_classifiers(args: argparse.Namespace, *names: str) -> list[Classifier]:
    """The classifiers of these names, with the pixels and the output that the options name."""
    if (args.pixels or args.output) and not any(is_model_file(name) or Path(name).exists() for name in names):
        raise ValueError(f"--pixels and --output are for models from files, got {', '.join(names)}. Leave them out.")
    return [find_classifier(name, RunStore(args.store), args.pixels, args.output) for name in names]
