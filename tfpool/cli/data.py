"""What `python -m tfpool data` does: list data sets, check a folder or zip of images, make one of it, remove one."""

from __future__ import annotations

import argparse
import json

from tfpool import data
from tfpool.data.custom.inspection import Report
from tfpool.data.custom.safe_names import short_list
from tfpool.data.registry import find_download
from tfpool.networks import graph
from tfpool.system.format import count, table
from tfpool.system.terminal import bar
from tfpool.training.recipe import PRETRAINED, WHY_PRETRAINED, start_on

_MOST_LINES = 20


def list_command(args: argparse.Namespace) -> int:
    found = [data.describe(name) for name in data.names()]
    if args.json:
        print(json.dumps([each.record() for each in found]))
        return 0
    rows = [
        (each.name, *map(count, each.images), count(each.classes), graph.text(each.image_shape), _state(each))
        for each in found
    ]
    print(table(("name", "train", "validation", "test", "classes", "size", ""), rows, right=(1, 2, 3, 4)))
    return 0


def _state(each: data.Facts) -> str:
    return f"own: {each.title}" if each.state == "own" else each.state


def check_command(args: argparse.Namespace) -> int:
    with bar("Looking at images") as progress:
        told = data.inspect(args.path, progress)
    print(json.dumps(told.record()) if args.json else _text(told))
    return 0


def add_command(args: argparse.Namespace) -> int:
    height, width = _size(args.size)
    split, channels = _split(args.split), 1 if args.grey else 3
    reports: list[Report] = []
    with bar("Reading images") as progress:
        made = data.add(
            args.path, args.name, (height, width), channels, split, args.seed, progress=progress, told=reports.append
        )
    (told,) = reports
    if args.json:
        print(json.dumps({**data.describe(made.name).record(), "folder": made.location, "report": told.record()}))
        return 0
    numbers = ", ".join(f"{len(part):,} for {name}" for name, part in made.parts.items())
    print(f"{_text(told)}\n\nKept as {made.name}, {graph.text(made.image_shape)}: {numbers}, in {made.location}")
    start = start_on(len(made.train))
    if start == PRETRAINED:
        print(f"{len(made.train):,} training images {WHY_PRETRAINED}")
    print(f"Train on it: python -m tfpool train {start.arguments} --data {made.name}")
    return 0


def fetch_command(args: argparse.Namespace) -> int:
    path = find_download(args.name).path
    data.load(args.name)
    told = data.describe(args.name)
    print(json.dumps(told.record()) if args.json else f"{args.name} is here: {path}")
    return 0


def remove_command(args: argparse.Namespace) -> int:
    data.remove(args.name)
    print(json.dumps({"removed": args.name}) if args.json else f"Removed {args.name}.")
    return 0


def _text(told: Report) -> str:
    rows = [
        (name, *(f"{counts[number]:,}" for counts in told.counts.values()))
        for number, name in enumerate(told.class_names)
    ]
    sizes = short_list([f"{graph.text(size)} ({number:,})" for size, number in told.sizes])
    lines = [
        f"{told.source}: {told.images:,} images of {len(told.class_names)} classes",
        "",
        table(("class", *("images" if part == "all" else part for part in told.counts)), rows, right=(1, 2, 3)),
        "",
        f"Sizes: {sizes}",
    ]
    lines += [f"Note: {warning}" for warning in told.warnings]
    lines += _files("Cannot be read", told.unreadable) + _files("Left out", told.skipped)
    alike = [(each.where, " = ".join(each.files[:4])) for each in told.duplicates if each.where != "within a class"]
    lines += _files("Equal pictures", alike)
    return "\n".join(lines)


def _files(title: str, files: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    if not files:
        return []
    more = [f"  and {len(files) - _MOST_LINES:,} more"] if len(files) > _MOST_LINES else []
    return [f"{title}:", *(f"  {name}: {reason}" for name, reason in files[:_MOST_LINES]), *more]


def _size(text: str) -> tuple[int, int]:
    sides = text.lower().replace("×", "x").split("x")
    if not all(side.isdecimal() for side in sides) or len(sides) > 2:
        raise ValueError(f"An image size is like 64 or 48x64, height first, got {text!r}.")
    return int(sides[0]), int(sides[-1])


def _split(text: str) -> list[float]:
    try:
        return [float(share) for share in text.split("/")]
    except ValueError:
        raise ValueError(f"A split is like 70/15/15, for train, validation and test, got {text!r}.") from None
