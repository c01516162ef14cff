"""`export`: a trained model as one file for other programs, a table of a run's predictions, or runs for MLflow."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from pathlib import Path

from tfpool import examples
from tfpool.cli.image_commands import find_classifiers, print_pixels
from tfpool.inference.pixel_check import pixel_record
from tfpool.inference.portable_model import FORMATS, write_model
from tfpool.models.pretrained.applications import NETWORKS
from tfpool.system.startup import skip_garbage_collection
from tfpool.system.terminal import hide_logs
from tfpool.tracking.export import RUN_FORMATS, export_run
from tfpool.tracking.mlflow_files import write_mlflow
from tfpool.tracking.query import is_lab
from tfpool.tracking.store import Run, RunStore, no_runs_text

_MLFLOW = "mlflow"
EXPORTS = (*FORMATS, *RUN_FORMATS, _MLFLOW)
_BY_SUFFIX = {".onnx": "onnx", ".tflite": "tflite", ".keras": "keras"}


def export_command(args: argparse.Namespace) -> int:
    out = Path(args.out)
    format = args.format or _BY_SUFFIX.get(out.suffix.lower(), "onnx")
    if not out.parent.is_dir():
        raise ValueError(f"There is no folder {out.parent} for {out.name}. Create the folder, or choose another --out.")
    if args.bare and format not in FORMATS:
        raise ValueError(f"--bare is for {' and '.join(FORMATS)}, got the format {format}. Leave it out.")
    if format == _MLFLOW:
        return _export_for_mlflow(args, out)
    if len(args.model) != 1:
        raise ValueError(f"Expected one MODEL for the format {format}, got {len(args.model)}. Name exactly one.")
    (name,) = args.model
    facts: dict[str, str] = {}
    pixels = None
    with hide_logs(), skip_garbage_collection():
        if format in RUN_FORMATS:
            export_run(_run(name, format, RunStore(args.store)), out, format)
        else:
            (classifier,) = find_classifiers(args, name)
            facts = write_model(classifier, out, format, args.bare)
            pixels = pixel_record(classifier, [])
    print_pixels([pixels])
    if args.json:
        print(json.dumps({"run": name, "format": format, "out": args.out, "facts": facts}))
        return 0
    print(f"Saved {out}")
    for name in ("input", "input_size", "preprocessing", "outputs"):
        if name in facts:
            print(f"{name.replace('_', ' ')}: {facts[name]}")
    return 0


def _export_for_mlflow(args: argparse.Namespace, out: Path) -> int:
    store = RunStore(args.store)
    runs = [_run(name, _MLFLOW, store) for name in dict.fromkeys(args.model)]
    if not args.model:
        stored = store.runs()
        runs = [run for run in stored if not is_lab(run)]
        if not stored:
            raise ValueError(no_runs_text(store.folder))
        if len(runs) < len(stored):
            left_out = f"{len(stored) - len(runs):,} runs of the lab are left out: name them to export them."
            print(f"tfpool: {left_out}", file=sys.stderr)
    experiments = write_mlflow(runs, out)
    if args.json:
        print(json.dumps({"runs": [run.id for run in runs], "format": _MLFLOW, "out": args.out}))
        return 0
    print(f"Saved {len(runs):,} run{'s' * (len(runs) != 1)} in {out}. Experiments: {', '.join(experiments) or 'none'}.")
    print(f"To look at them: MLFLOW_ALLOW_FILE_STORE=true mlflow ui --backend-store-uri {shlex.quote(str(out))}")
    return 0


def _run(name: str, format: str, store: RunStore) -> Run:
    if name in examples.runs():
        return examples.runs()[name]
    if name in NETWORKS or Path(name).exists():
        raise ValueError(f"The format {format} is for runs, and {name} is none. Use {' or '.join(FORMATS)}.")
    return store.get(name)
