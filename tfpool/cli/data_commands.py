"""`data`: list data sets, check a folder or zip of images, add it as a data set, download one, remove one."""

from __future__ import annotations

import argparse
import json
import shlex
from typing import Any

from tfpool import data
from tfpool.cli.option_values import image_size, split_fractions
from tfpool.data.custom.code_pages import CODE_PAGES
from tfpool.data.custom.inspection import Report
from tfpool.data.custom.safe_names import short_list
from tfpool.data.registry import find_download
from tfpool.data.tiff import choice_of_text
from tfpool.networks import graph
from tfpool.system.format import count, table
from tfpool.system.terminal import bar
from tfpool.tracking.store import RunStore
from tfpool.training import data_in_use
from tfpool.training.recipe import PRETRAINED, WHY_PRETRAINED, start_on

_MOST_LINES, _MOST_READINGS, _MOST_ENCODINGS = 20, 8, 5


def list_command(args: argparse.Namespace) -> int:
    data_sets = [data.describe(name) for name in data.names()]
    if args.json:
        print(json.dumps([facts.record() for facts in data_sets]))
        return 0
    rows = [
        (facts.name, *map(count, facts.images), count(facts.classes), graph.text(facts.image_shape), _state(facts))
        for facts in data_sets
    ]
    print(table(("name", "train", "validation", "test", "classes", "size", ""), rows, right=(1, 2, 3, 4)))
    return 0


def _state(facts: data.Facts) -> str:
    return f"own: {facts.title}" if facts.state == "own" else facts.state


def check_command(args: argparse.Namespace) -> int:
    with bar("Checking images") as progress:
        report = data.inspect(args.path, progress, args.reading, group_by=args.group_by, **_files_options(args))
    if args.json:
        print(json.dumps(report.record()))
        return 0
    print(_text(report))
    if not report.is_certain:
        print(f"\nTo add images, choose how to read them. This report is on --reading {shlex.quote(report.reading)}")
    return 0


def add_command(args: argparse.Namespace) -> int:
    size, split, channels = image_size(args.size), split_fractions(args.split), 1 if args.grey else 3
    reports: list[Report] = []
    with bar("Reading images") as progress:
        data_set = data.add(
            args.path,
            args.name,
            size,
            channels,
            split,
            args.seed,
            progress=progress,
            told=reports.append,
            pad_to_aspect_ratio=args.pad,
            reading=args.reading,
            near_duplicates=args.near_duplicates,
            group_by=args.group_by,
            **_files_options(args),
        )
    (report,) = reports
    if args.json:
        facts = data.describe(data_set.name).record()
        print(json.dumps({**facts, "folder": data_set.location, "report": report.record()}))
        return 0
    numbers = ", ".join(f"{len(part):,} for {name}" for name, part in data_set.parts.items())
    shape = graph.text(data_set.image_shape)
    print(f"{_text(report)}\n\nSaved as {data_set.name}, {shape}: {numbers}, in {data_set.location}")
    start = start_on(len(data_set.train))
    if start == PRETRAINED:
        print(f"{len(data_set.train):,} training images {WHY_PRETRAINED}")
    print(f"Train a network on these images: python -m tfpool train {start.arguments} --data {data_set.name}")
    return 0


def fetch_command(args: argparse.Namespace) -> int:
    path = find_download(args.name).path
    data.load(args.name)
    facts = data.describe(args.name)
    print(json.dumps(facts.record()) if args.json else f"Downloaded {args.name}: {path}")
    return 0


def remove_command(args: argparse.Namespace) -> int:
    in_use = data_in_use.remove(args.name, RunStore(args.store), args.force)
    print(json.dumps({"removed": args.name}) if args.json else " ".join(f"Removed {args.name}. {in_use}".split()))
    return 0


def _files_options(args: argparse.Namespace) -> dict[str, Any]:
    return {"encoding": args.encoding, **choice_of_text(args.page, args.bands)}


def _text(report: Report) -> str:
    rows = [
        (name, *(f"{counts[number]:,}" for counts in report.counts.values()))
        for number, name in enumerate(report.class_names)
    ]
    sizes = short_list([f"{graph.text(size)} ({number:,})" for size, number in report.sizes])
    lines = [
        f"{report.source}: {report.images:,} images of {report.layout}",
        *_readings(report),
        "",
        table(("class", *("images" if part == "all" else part for part in report.counts)), rows, right=(1, 2, 3)),
        "",
        f"Sizes: {sizes}",
    ]
    lines += [f"Note: {warning}" for warning in report.warnings]
    lines += _files("Cannot be read", report.unreadable) + _files("Left out", report.skipped)
    duplicates = [group for group in report.duplicates if group.where != "within a class"]
    lines += _files("Equal images", [(group.where, " = ".join(group.files[:4])) for group in duplicates])
    lines += _files("Near duplicates", [(group.where, " ≈ ".join(group.files[:4])) for group in report.near_duplicates])
    lines += _files("Groups", [(name, f"{number:,} files") for name, number in report.groups])
    return "\n".join(lines)


def _readings(report: Report) -> list[str]:
    """How else the source can be understood, and images of each class where that is not read off folders."""
    lines = [f"Such as: {'; '.join(f'{file} is {name}' for file, name in report.examples)}"] if report.examples else []
    others = [(key, text) for key, text in report.readings if key != report.reading]
    if others:
        lines.append("Could also mean:")
        lines += [f"  --reading {shlex.quote(key)}: {text}" for key, text in others[:_MOST_READINGS]]
        lines += [f"  and {len(others) - _MOST_READINGS} more"] if len(others) > _MOST_READINGS else []
    if report.encodings:
        lines.append("Names in the zip in other encodings:")
        encodings = report.encodings[1 : 1 + _MOST_ENCODINGS]
        lines += [f"  --encoding {key} ({CODE_PAGES[key]}): {names}" for key, names in encodings]
    return lines


def _files(title: str, files: list[tuple[str, str]] | tuple[tuple[str, str], ...]) -> list[str]:
    if not files:
        return []
    more = [f"  and {len(files) - _MOST_LINES:,} more"] if len(files) > _MOST_LINES else []
    return [f"{title}:", *(f"  {name}: {reason}" for name, reason in files[:_MOST_LINES]), *more]
