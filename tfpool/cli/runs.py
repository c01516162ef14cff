"""What `python -m tfpool runs` does, and how runs are printed."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from typing import Any

from tfpool.system.format import clock, count, setting, short, table
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.query import FACETS, LABELS, is_lab, rank_runs, select_runs, split_countable, uncountable_text
from tfpool.tracking.results import Group
from tfpool.tracking.store import Run, RunStore


def runs_command(args: argparse.Namespace) -> int:
    stored = RunStore(args.store).runs()
    if not stored and not args.json:
        raise ValueError(f"{args.store} holds no runs yet. Train one: python -m tfpool train resnet8 --head gap")
    # Whoever names a sweep has it, the lab's too.
    asked = [run for run in stored if args.lab or args.sweep or not is_lab(run)]
    folded = f"{len(stored) - len(asked):,} runs of the lab are left out: --lab lists them."
    listed, unknown = split_countable(asked)
    if unknown and not listed and not args.json:
        raise ValueError(uncountable_text(unknown))
    if unknown:
        print(f"tfpool: {uncountable_text(unknown)}", file=sys.stderr)
    found = select_runs(listed, " ".join(args.text), {name: getattr(args, name) for name in FACETS}) if listed else []
    if not found and not args.json:
        less = folded if len(asked) < len(stored) else "Ask for less."
        raise ValueError(f"None of the {len(listed):,} runs in {args.store} is like that. {less}")
    if len(asked) < len(stored):
        print(f"tfpool: {folded}", file=sys.stderr)
    how = "best" if args.best else "last"
    if args.seeds:
        return _seeds(found, args.sort, how, args.json)
    show(rank_runs(found, args.sort, how) if args.sort else found, args.json, how)
    return 0


def _seeds(found: Sequence[Run], sort: str | None, how: str, as_json: bool) -> int:
    metric = sort if sort in results.MEASURES else "test"
    groups = results.groups(found, metric, how)
    if sort in results.COSTS:
        groups.sort(key=lambda group: results.value(group.runs[0], sort) or 0)
    if as_json:
        print(json.dumps([_group_record(group, metric, how) for group in groups]))
        return 0
    if not groups:
        raise ValueError("None of these runs is done yet, and only finished ones are compared over seeds.")
    apart = results.differing([group.runs[0] for group in groups])
    others = [name for name in apart if name not in ("network", "head", "seed")]
    share = _loss if metric.endswith("loss") else _percent
    rows = [
        (
            f"{group.settings['network']}-{group.settings['head']}",
            *(setting(name, group.settings.get(name)) for name in others),
            str(len(group.seeds)),
            share(group.mean),
            count(images_behind(group.runs[0], metric)),
            "one seed" if group.margin is None else f"± {share(group.margin)}",
            count(group.runs[0].plan.params),
            _macs(group.runs[0]),
        )
        for group in groups
    ]
    header = ("network", *others, "seeds", _named(metric, how), "of images", "95 % interval", "params", "MACs")
    print(table(header, rows, right=range(1 + len(others), len(header))))
    return 0


def show(found: Sequence[Run], as_json: bool, how: str = "last") -> None:
    """Print a row for each run, or all that is known of each as JSON."""
    if as_json:
        print(json.dumps([_record(run) for run in found]))
        return
    renamed = any(run.title != run.id for run in found)
    rows = [
        (
            run.id,
            *([run.title if run.title != run.id else ""] if renamed else []),
            run.state,
            f"{len(run.history['loss'])}/{run.epochs}",
            count(run.plan.params),
            _macs(run),
            _percent(results.value(run, "accuracy", how)),
            _percent(results.value(run, "val_accuracy", how)),
            _percent(results.value(run, "test")),
            count(images_behind(run) if run.result else None),
            _points(results.overfit(run, how)),
            clock(results.value(run, "time")),
        )
        for run in found
    ]
    names = ("run", *(["title"] if renamed else []), "state")
    numbers = ("epochs", "params", "MACs", "training", "validation", "test", "of images", "gap", "time")
    print(table((*names, *numbers), rows, right=range(len(names), len(names) + len(numbers))))


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _points(share: float | None) -> str:
    return "–" if share is None else f"{100 * share:+.1f}"


def _loss(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"


def _macs(run: Run) -> str:
    macs = run.plan.macs
    return "–" if macs is None else short(macs)


def _record(run: Run) -> dict[str, Any]:
    names = ("id", "title", "note", "sweep", "state", "spec", "history", "result", "error", "created", "started")
    plan = run.plan
    counted = {"params": plan.params, "macs": plan.macs}
    counted["test_images"] = images_behind(run) if run.result else None
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


def _named(metric: str, how: str) -> str:
    return LABELS[metric] if metric.startswith("test") else f"{how} {LABELS[metric]}"
