"""`plan` and `compare`: counts of networks and heads."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tfpool.cli.option_values import input_shape, settings
from tfpool.counting.comparison import compare
from tfpool.counting.counts import Counts
from tfpool.counting.plan import plan
from tfpool.inference.classifier import is_model_file
from tfpool.models.keras_code import to_code
from tfpool.models.loading.file_formats import format_of
from tfpool.networks.catalog import CATALOG
from tfpool.system.format import memory
from tfpool.system.startup import skip_garbage_collection
from tfpool.system.terminal import hide_logs


def plan_command(args: argparse.Namespace) -> int:
    if _is_file(args.backbone):
        if args.code or args.set or any(value is not None for value in (args.head, args.input, args.classes)):
            raise ValueError(
                f"{args.backbone} is counted as it is. Leave out --head, --input, --classes, --set and --code."
            )
        counts = _counts_of_file(args.backbone)
    else:
        counts = plan(args.backbone, args.head, input_shape(args.input), args.classes, **settings(args.set))
    training = counts.training_bytes(args.batch_size, args.optimizer)
    if args.code:
        print(to_code(counts), end="")  # type: ignore[arg-type]
    elif args.json:
        step = {"batch_size": args.batch_size, "optimizer": args.optimizer, "training_bytes": training}
        print(json.dumps({**counts.record(), **step}))
    else:
        print(
            f"{counts}\n        training {memory(training)} with {args.batch_size} images per step and {args.optimizer}"
        )
    return 0


def compare_command(args: argparse.Namespace) -> int:
    networks = [_counts_of_file(name) if _is_file(name) else name for name in args.backbones]
    comparison = compare(networks, args.head, input_shape(args.input), args.classes, **settings(args.set))
    print(comparison.to_json() if args.json else comparison)
    return 0


def _is_file(name: str) -> bool:
    """Whether a name is a file's: a path that exists is, unless a network has that very name."""
    return is_model_file(name) or (name not in CATALOG and Path(name).exists())


def _counts_of_file(path: str) -> Counts:
    # Before Keras is loaded: the message says what the file is.
    format_of(Path(path))
    with hide_logs(), skip_garbage_collection():
        from tfpool.models.loading.load import load_model

        return plan(load_model(path))
