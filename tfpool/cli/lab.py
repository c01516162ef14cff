"""What `python -m tfpool lab` does."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from tfpool.lab import CLAIMS, find
from tfpool.lab import finding as findings
from tfpool.lab.background_job import track
from tfpool.lab.claim import claims
from tfpool.lab.finding import Finding
from tfpool.system.format import table
from tfpool.system.terminal import bar
from tfpool.tracking.store import RunStore


def lab_command(args: argparse.Namespace) -> int:
    store = RunStore(args.store)
    if args.all and args.name:
        raise ValueError(f"--all takes every claim. Leave out either --all or {args.name}.")
    if not (args.all or args.name):
        if args.quick or args.full:
            raise ValueError("Which claim? Name one of them, or say --all. They are: " + ", ".join(CLAIMS) + ".")
        return _list(store, args.json)
    scale = "full" if args.full else "quick"
    if not args.all:
        return _run(store, find(args.name).name, scale, args.json)
    failed = [name for name in CLAIMS if _tried(store, name, scale, args.json)]
    if failed:
        print(f"tfpool: {len(failed)} of {len(CLAIMS)} came to no finding: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _tried(store: RunStore, name: str, scale: str, as_json: bool) -> int:
    """Run a claim among others: what is wrong with one, such as that it runs elsewhere, does not end the rest."""
    try:
        return _run(store, name, scale, as_json)
    except ValueError as error:
        print(f"tfpool: {error}", file=sys.stderr)
        return 1


def _list(store: RunStore, as_json: bool) -> int:
    rows, told = [], []
    for claim in claims():
        known = findings.shipped(claim.name)
        mine, wrong = findings.own(store.folder, claim.name)
        if wrong:
            print(f"tfpool: {wrong}", file=sys.stderr)
        verdicts = [known.judgement.verdict if known else None, mine[0].judgement.verdict if mine else None]
        told.append({"claim": claim.name, "title": claim.title, "shipped": verdicts[0], "own": verdicts[1]})
        rows.append((str(claim.number), claim.name, claim.title, *(each or "–" for each in verdicts)))
    if as_json:
        print(json.dumps(told))
    else:
        print(table(("", "claim", "statement", "verdict shipped", "yours"), rows, right=(0,)))
        print("\nRun one: python -m tfpool lab NAME --quick")
    return 0


def _run(store: RunStore, name: str, scale: str, as_json: bool) -> int:
    # What is measured on finished runs depends on the number of threads, if little, and workers need the cores.
    for threads in ("TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"):
        os.environ.setdefault(threads, "1")
    from tfpool.lab.laboratory import Halted
    from tfpool.lab.matplotlib_figures import draw
    from tfpool.lab.run_claim import conduct, folder

    try:
        with bar(f"{name}, {scale}") as progress, track(store.folder, name, scale) as report:

            def told(done: float, total: int) -> None:
                progress(done, total)
                report(done, total)

            made = conduct(name, scale, store, told)
        drawn = draw(made.judgement.figures, folder(store) / f"{name}-{scale}.svg")
    except (RuntimeError, Halted, OSError) as error:
        # An OSError: the disk is full, or a file may not be written.
        print(f"tfpool: {name}: {error}", file=sys.stderr)
        return 1
    if as_json:
        print(json.dumps(made.record()))
    else:
        _show(made, drawn)
    return 0


def _show(made: Finding, drawn: Path) -> None:
    claim, judged = find(made.claim), made.judgement
    print(f"{claim.number}. {claim.title}\n")
    print(table(judged.columns, judged.rows))
    if judged.effects:
        rows = [(each.name, str(each), each.answer) for each in judged.effects]
        print("\n" + table(("effect", "mean and 95 % interval", "the rule's answer"), rows))
    for question, answer in judged.arithmetic.items():
        print(f"\n{question}: {answer}")
    print(f"\nFigure: {drawn}\n\nVerdict: {judged.verdict}. {judged.headline}")
