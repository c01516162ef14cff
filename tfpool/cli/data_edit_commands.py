"""`data extend`, `data merge` and `data edit`: a new data set made of others."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence

from tfpool import data
from tfpool.data.custom.inspection import Report
from tfpool.system.terminal import bar


def extend_command(args: argparse.Namespace) -> int:
    reports: list[Report] = []
    with bar("Reading images") as progress:
        data_set = data.extend(
            args.data,
            args.path,
            args.name,
            progress=progress,
            told=reports.append,
            reading=args.reading,
            encoding=args.encoding,
        )
    return _print(data_set, reports[0].warnings, args.json)


def merge_command(args: argparse.Namespace) -> int:
    notes: list[str] = []
    with bar("Comparing images") as progress:
        data_set = data.merge(args.data, args.name, progress=progress, told=notes.extend)
    return _print(data_set, notes, args.json)


def edit_command(args: argparse.Namespace) -> int:
    notes: list[str] = []
    names = data.load(args.data).class_names
    rename = dict(_old_and_new(text, names) for text in args.rename)
    data_set = data.edit_classes(args.data, args.name, rename, args.drop, told=notes.extend)
    return _print(data_set, notes, args.json)


def _old_and_new(text: str, class_names: Sequence[str]) -> tuple[str, str]:
    """The names in OLD=NEW, of which either may have an equals sign."""
    pieces = text.split("=")
    splits = [("=".join(pieces[:place]), "=".join(pieces[place:])) for place in range(1, len(pieces))]
    if not splits:
        raise ValueError(f"Expected OLD=NEW, the names of a class, got {text!r}.")
    return next((pair for pair in splits if pair[0] in class_names), splits[0])


def _print(data_set: data.DataSet, notes: Sequence[str], as_json: bool) -> int:
    facts = data.describe(data_set.name)
    if as_json:
        print(json.dumps({**facts.record(), "folder": data_set.location, "warnings": list(notes)}))
        return 0
    numbers = ", ".join(f"{len(part):,} for {name}" for name, part in data_set.parts.items())
    for note in notes:
        print(f"Note: {note}")
    print(f"Saved as {data_set.name}, {data_set.classes:,} classes: {numbers}, in {data_set.location}")
    return 0
