"""`export`: a trained model as one file for other programs, or a table of a run's predictions."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from tfpool import examples
from tfpool.cli.image_commands import find_classifiers, print_pixels
from tfpool.inference.pixel_check import pixel_record
from tfpool.inference.portable_model import FORMATS, write_model
from tfpool.models.pretrained.applications import NETWORKS
from tfpool.system.startup import skip_garbage_collection
from tfpool.system.terminal import hide_logs
from tfpool.tracking.export import RUN_FORMATS, export_run
from tfpool.tracking.store import Run, RunStore

EXPORTS = (*FORMATS, *RUN_FORMATS)
_BY_SUFFIX = {".onnx": "onnx", ".tflite": "tflite", ".keras": "keras"}


def export_command(args: argparse.Namespace) -> int:
    out = Path(args.out)
    format = args.format or _BY_SUFFIX.get(out.suffix.lower(), "onnx")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} for {out.name}. Create the folder, or choose another --out.")
    if args.bare and format not in FORMATS:
        raise ValueError(f"--bare is for {' and '.join(FORMATS)}, got the format {format}. Leave it out.")
    facts: dict[str, str] = {}
    pixels = None
    with hide_logs(), skip_garbage_collection():
        if format in RUN_FORMATS:
            export_run(_run(args.model, format, RunStore(args.store)), out, format)
        else:
            (classifier,) = find_classifiers(args, args.model)
            facts = write_model(classifier, out, format, args.bare)
            pixels = pixel_record(classifier, [])
    print_pixels([pixels])
    if args.json:
        print(json.dumps({"run": args.model, "format": format, "out": args.out, "facts": facts}))
        return 0
    print(f"Saved {out}")
    for name in ("input", "input_size", "preprocessing", "outputs"):
        if name in facts:
            print(f"{name.replace('_', ' ')}: {facts[name]}")
    return 0


def _run(name: str, format: str, store: RunStore) -> Run:
    if name in examples.runs():
        return examples.runs()[name]
    if name in NETWORKS or Path(name).exists():
        raise ValueError(f"The format {format} is for runs, and {name} is none. Use {' or '.join(FORMATS)}.")
    return store.get(name)
