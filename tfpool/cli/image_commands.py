"""`explain` and `classify`: what models predict for image files, and why."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from tfpool.cli.option_values import settings
from tfpool.inference.classifier import Classifier, find_classifier, is_model_file
from tfpool.inference.pixel_check import pixel_record
from tfpool.system.format import percent, table
from tfpool.system.startup import skip_garbage_collection
from tfpool.system.terminal import bar, hide_logs
from tfpool.tracking.store import RunStore
from tfpool.validation import at_least


def explain_command(args: argparse.Namespace) -> int:
    with hide_logs(), skip_garbage_collection():
        classifiers = _classifiers(args, args.model, *args.beside)
        from tfpool.inference.explain_files import Question, explain_files

    options = {"layer": args.layer, "relu": args.relu, "augment": args.augment, **settings(args.set)}
    question = Question(args.method, args.target, args.against, options)
    with bar("Explaining") as progress:
        maps = explain_files(classifiers, args.images, question, args.out, args.scale, progress)
    _print_pixels([row["pixels"] for row in maps])
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

        (classifier,) = _classifiers(args, args.model)
    top = min(at_least(1, args.top, "--top"), len(classifier.class_names))
    images = [classifier.read(image) for image in args.images]
    probabilities = np.concatenate([classifier.probabilities(image[np.newaxis]) for image in images])
    predictions = [
        [{"class_name": classifier.class_names[index], "probability": float(row[index])} for index in best]
        for row, best in zip(probabilities, np.argsort(-probabilities, axis=1)[:, :top], strict=True)
    ]
    by_image = list(zip(args.images, predictions, strict=True))
    pixels = pixel_record(classifier, images)
    _print_pixels([pixels])
    if args.json:
        print(json.dumps([{"image": image, "pixels": pixels, "classes": classes} for image, classes in by_image]))
        return 0
    rows = [
        (image if rank == 0 else "", prediction["class_name"], percent(prediction["probability"]))
        for image, classes in by_image
        for rank, prediction in enumerate(classes)
    ]
    print(table(("image", "class", "probability"), rows, right=(2,)))
    return 0


def _print_pixels(records: Sequence[dict[str, Any] | None]) -> None:
    """Say on stderr how models take their pixels, each once, and what speaks against that."""
    texts = [text for record in records if record for text in (record["sentence"], record["warning"]) if text]
    for text in dict.fromkeys(texts):
        print(f"tfpool: {text}", file=sys.stderr)


def _classifiers(args: argparse.Namespace, *names: str) -> list[Classifier]:
    if (args.pixels or args.output) and not any(is_model_file(name) or Path(name).exists() for name in names):
        raise ValueError(f"--pixels and --output are for models from files, got {', '.join(names)}. Leave them out.")
    return [find_classifier(name, RunStore(args.store), args.pixels, args.output) for name in names]
