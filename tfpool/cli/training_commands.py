"""`train`, `sweep` and `resume`: runs are queued, trained and printed."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from tfpool import data
from tfpool.cli.option_values import place_of, settings
from tfpool.cli.recipe_options import recipe_of
from tfpool.cli.run_commands import print_runs
from tfpool.tracking.run_data import mixed_text
from tfpool.tracking.store import RunStore
from tfpool.training import enqueue_heads, enqueue_sweep, resume
from tfpool.training.cluster.connection import HERE
from tfpool.training.recipe import PRETRAINED, WHY_PRETRAINED, Recipe, start_on
from tfpool.validation import at_least


def train_command(args: argparse.Namespace) -> int:
    store, recipe = RunStore(args.store), recipe_of(args)
    run_ids = enqueue_heads(args.backbone, args.head, args.data, recipe, store, place_of(args), **settings(args.set))
    _advise_pretrained(args.data, recipe)
    return _train(store, run_ids, args.json)


def sweep_command(args: argparse.Namespace) -> int:
    store, recipe = RunStore(args.store), recipe_of(args)
    seeds = at_least(1, args.seeds, "--seeds")
    name = args.name or " ".join(args.backbones)
    run_ids = enqueue_sweep(
        args.backbones, args.head, seeds, args.data, recipe, store, name, place_of(args), **settings(args.set)
    )
    _advise_pretrained(args.data, recipe)
    return _train(store, run_ids, args.json)


def resume_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    place = None if args.on is None else HERE if args.on == "here" else place_of(args)
    for run_id in args.runs:
        resume(store, run_id, place)
    return _train(store, args.runs, args.json)


def _advise_pretrained(name: str, recipe: Recipe) -> None:
    images = len(data.load(name).train)
    if recipe.weights is None and start_on(images) == PRETRAINED:
        print(f"tfpool: {images:,} training images {WHY_PRETRAINED}", file=sys.stderr)
        print(f"tfpool: python -m tfpool train {PRETRAINED.arguments} --data {name}", file=sys.stderr)


def _train(store: RunStore, run_ids: Sequence[str], as_json: bool) -> int:
    """Wait until the runs have ended and print them."""
    from tfpool.training.progress import watch

    runs = watch(store, run_ids)
    print_runs(runs, as_json)
    for run in runs:
        if mixed := mixed_text(run):
            print(f"tfpool: {mixed}", file=sys.stderr)
        if run.error:
            print(f"tfpool: {run.id} failed. {run.error}", file=sys.stderr)
    return 0 if all(run.state in ("done", "stopped") for run in runs) else 1
