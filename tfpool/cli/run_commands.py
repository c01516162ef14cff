"""`runs` and what is done with one: stop, rename, delete, undelete. And how runs are printed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from typing import Any

from tfpool.system.format import count, setting, short, table
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.query import FACETS, LABELS, is_lab, rank_runs, select_runs, split_countable, uncountable_text
from tfpool.tracking.results import Group
from tfpool.tracking.run_table import run_table
from tfpool.tracking.store import ENDED, Run, RunStore, no_runs_text


def runs_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    stored = store.runs()
    if store.warning:
        print(f"tfpool: {store.warning}", file=sys.stderr)
    if not stored and not args.json:
        raise ValueError(no_runs_text(args.store))
    # A sweep that is named is listed, even if the lab trained it.
    listed = [run for run in stored if args.lab or args.sweep or not is_lab(run)]
    omitted = f"{len(stored) - len(listed):,} runs of the lab are left out: --lab lists them."
    countable, unknown = split_countable(listed)
    if unknown and not countable and not args.json:
        raise ValueError(uncountable_text(unknown))
    if unknown:
        print(f"tfpool: {uncountable_text(unknown)}", file=sys.stderr)
    facets = {name: getattr(args, name) for name in FACETS}
    runs = select_runs(countable, " ".join(args.text), facets) if countable else []
    if not runs and not args.json:
        advice = omitted if len(listed) < len(stored) else "Remove a search word or a filter."
        raise ValueError(f"No run of {len(countable):,} in {args.store} matches. {advice}")
    if len(listed) < len(stored):
        print(f"tfpool: {omitted}", file=sys.stderr)
    how = "best" if args.best else "last"
    if args.seeds:
        return _print_groups(runs, args.sort, how, args.json)
    print_runs(rank_runs(runs, args.sort, how) if args.sort else runs, args.json, how)
    return 0


def stop_command(args: argparse.Namespace) -> int:
    return _change_runs(args, _stop, "Stopping {}.")


def _stop(store: RunStore, run_id: str) -> None:
    run = store.get(run_id)
    if run.state in ENDED:
        raise ValueError(f"Run {run_id} is {run.state}. Only a queued or running run can be stopped.")
    store.request_stop(run_id)


def delete_command(args: argparse.Namespace) -> int:
    return _change_runs(args, RunStore.delete, "Deleted {0}. To undo within a day: python -m tfpool undelete {0}")


def undelete_command(args: argparse.Namespace) -> int:
    return _change_runs(args, RunStore.undelete, "Restored {}.")


def _change_runs(args: argparse.Namespace, change: Callable[[RunStore, str], None], report: str) -> int:
    store = RunStore(args.store)
    for run_id in args.runs:
        change(store, run_id)
    print(json.dumps(args.runs) if args.json else report.format(" ".join(args.runs)))
    return 0


def rename_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    store.rename(args.id, args.name)
    title = store.get(args.id).title
    print(json.dumps({"id": args.id, "title": title}) if args.json else f"Renamed {args.id} to {title}.")
    return 0


def _print_groups(runs: Sequence[Run], sort: str | None, how: str, as_json: bool) -> int:
    """Print one row per group of runs that differ in the seed alone."""
    metric = sort if sort in results.MEASURES else "test"
    groups = results.groups(runs, metric, how)
    if sort in results.COSTS:
        groups.sort(key=lambda group: results.value(group.runs[0], sort) or 0)
    if as_json:
        print(json.dumps([_group_record(group, metric, how) for group in groups]))
        return 0
    if not groups:
        raise ValueError("Expected a finished run to compare over seeds, got none. Wait until a run has finished.")
    differing = results.differing([group.runs[0] for group in groups])
    settings = [name for name in differing if name not in ("network", "head", "seed")]
    form = ".4f" if metric.endswith("loss") else ".1%"
    rows = [
        (
            f"{group.settings['network']}-{group.settings['head']}",
            *(setting(name, group.settings.get(name)) for name in settings),
            str(len(group.seeds)),
            f"{group.mean:{form}}",
            count(images_behind(group.runs[0], metric)),
            "one seed" if group.margin is None else f"± {group.margin:{form}}",
            count(group.runs[0].plan.params),
            short(group.runs[0].plan.macs),
        )
        for group in groups
    ]
    measured = LABELS[metric] if metric.startswith("test") else f"{how} {LABELS[metric]}"
    header = ("network", *settings, "seeds", measured, "of images", "95 % interval", "params", "MACs")
    print(table(header, rows, right=range(1 + len(settings), len(header))))
    return 0


def print_runs(runs: Sequence[Run], as_json: bool, how: str = "last") -> None:
    """Print one row per run, or all that is stored of each as JSON."""
    if as_json:
        print(json.dumps([_record(run) for run in runs]))
        return
    print(table(*run_table(runs, how)))


def _record(run: Run) -> dict[str, Any]:
    names = ("id", "title", "note", "sweep", "state", "spec", "history", "result", "error", "created", "started")
    images, plan = images_behind(run) if run.result else None, run.plan
    counted = {"params": plan.params, "macs": plan.macs, "test_images": images}
    return {**{name: getattr(run, name) for name in names}, "ended": run.ended, **counted, "path": str(run.path)}


def _group_record(group: Group, metric: str, how: str) -> dict[str, Any]:
    plan = group.runs[0].plan
    return {
        "settings": group.settings,
        "runs": [run.id for run in group.runs],
        "seeds": group.seeds,
        "metric": metric,
        "how": how,
        "values": group.values,
        "mean": group.mean,
        "interval": group.interval,
        "images": images_behind(group.runs[0], metric),
        "params": plan.params,
        "macs": plan.macs,
    }
