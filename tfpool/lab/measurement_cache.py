"""Measurements cached in files, so that none is taken twice."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from tfpool.lab import latency, localization_scores, scores
from tfpool.system.files import atomic
from tfpool.system.provenance import machine, versions

_CAM = Path(__file__).parents[1] / "cam"


def cached(path: Path, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """The plain values in a file; where there is none, `make` computes them and they are written."""
    if not path.exists():
        values = make()
        with atomic(path) as temporary:
            temporary.write_text(json.dumps(values))
    return json.loads(path.read_text(encoding="utf-8"))


def digest(measure: Callable[..., Any]) -> str:
    """A short hash of all that a measurement depends on: code, packages and machine."""
    module = inspect.getmodule(getattr(measure, "func", measure))
    code = [inspect.getsource(source) for source in (module, scores, localization_scores, latency) if source]
    # Neither the claim's text nor its judgement changes a measurement.
    code[0] = code[0].replace(inspect.getdoc(module) or "", "").partition("\ndef judge(")[0]
    return sha256("".join([*code, _cam_source(), str(versions()), machine()]).encode()).hexdigest()[:8]


@cache
def _cam_source() -> str:
    """The code of the maps and metrics that claims measure with."""
    return "".join(path.read_text(encoding="utf-8") for path in sorted(_CAM.rglob("*.py")))
