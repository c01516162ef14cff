"""`lab`: list the claims with their verdicts, or measure them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tfpool.cli.option_values import place_of
from tfpool.lab import CLAIMS, find
from tfpool.lab import finding as findings
from tfpool.lab.background_job import track
from tfpool.lab.claim import claims
from tfpool.lab.finding import Finding
from tfpool.system.format import table
from tfpool.system.terminal import bar
from tfpool.tracking.store import RunStore
from tfpool.training.cluster.connection import Placement


def lab_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    if args.all and args.name:
        raise ValueError(f"--all runs every claim. Leave out either --all or {args.name}.")
    if not (args.all or args.name):
        if args.quick or args.full:
            raise ValueError("Which claim? Name a claim or use --all. The claims are: " + ", ".join(CLAIMS) + ".")
        return _list_claims(store, args.json)
    scale, place = "full" if args.full else "quick", place_of(args)
    if not args.all:
        return _run_claim(store, find(args.name).name, scale, args.json, place)
    failed = [name for name in CLAIMS if _try_claim(store, name, scale, args.json, place)]
    if failed:
        print(f"tfpool: {len(failed)} of {len(CLAIMS)} claims failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _list_claims(store: RunStore, as_json: bool) -> int:
    rows, records = [], []
    for claim in claims():
        shipped = findings.shipped(claim.name)
        own, error = findings.own(store.folder, claim.name)
        if error:
            print(f"tfpool: {error}", file=sys.stderr)
        verdicts = [shipped.judgement.verdict if shipped else None, own[0].judgement.verdict if own else None]
        records.append({"claim": claim.name, "title": claim.title, "shipped": verdicts[0], "own": verdicts[1]})
        rows.append((str(claim.number), claim.name, claim.title, *(verdict or "–" for verdict in verdicts)))
    if as_json:
        print(json.dumps(records))
    else:
        print(table(("", "claim", "statement", "verdict shipped", "yours"), rows, right=(0,)))
        print("\nRun one: python -m tfpool lab NAME --quick")
    return 0


def _try_claim(store: RunStore, name: str, scale: str, as_json: bool, place: Placement) -> int:
    """Run one claim of many: an error, such as a claim that another process runs, does not end the others."""
    try:
        return _run_claim(store, name, scale, as_json, place)
    except ValueError as error:
        print(f"tfpool: {error}", file=sys.stderr)
        return 1


def _run_claim(store: RunStore, name: str, scale: str, as_json: bool, place: Placement) -> int:
    # The number of threads changes the last bits of what is measured on finished runs, and workers need the cores.
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(threads, "1")
    from tfpool.lab.laboratory import Halted
    from tfpool.lab.matplotlib_figures import draw
    from tfpool.lab.run_claim import conduct, folder

    try:
        with bar(f"{name}, {scale}") as progress, track(store.folder, name, scale) as report:

            def on_progress(done: float, total: int) -> None:
                progress(done, total)
                report(done, total)

            finding = conduct(name, scale, store, on_progress, place=place)
        figure = draw(finding.judgement.figures, folder(store) / f"{name}-{scale}.svg")
    except (RuntimeError, Halted, OSError) as error:
        # An OSError means a full disk or a file that may not be written.
        print(f"tfpool: {name}: {error}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(finding.record()))
    else:
        _print_finding(finding, figure)
    return 0


def _print_finding(finding: Finding, figure: Path) -> None:
    claim, judgement = find(finding.claim), finding.judgement
    print(f"{claim.number}. {claim.title}\n")
    print(table(judgement.columns, judgement.rows))
    if judgement.effects:
        rows = [(effect.name, str(effect), effect.answer) for effect in judgement.effects]
        print("\n" + table(("effect", "mean and 95 % interval", "the rule's answer"), rows))
    for question, answer in judgement.arithmetic.items():
        print(f"\n{question}: {answer}")
    print(f"\nFigure: {figure}\n\nVerdict: {judgement.verdict}. {judgement.headline}")
