"""Measurements kept in files, so that none is taken twice."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from tfpool.lab import latency, localization_scores, scores
from tfpool.lab.provenance import machine, versions
from tfpool.system.files import atomic

_CAM = Path(__file__).parents[1] / "cam"


def kept(path: Path, make: Callable[[], Mapping[str, Any]]) -> dict[str, Any]:
    """Plain values from a file, made and written where there is none.

    Args:
        path: of the file.
        make: takes the values.
    """
    if not path.exists():
        values = make()
        with atomic(path) as temporary:
            temporary.write_text(json.dumps(values))
    return json.loads(path.read_text())


def digest(measure: Callable[..., Any]) -> str:
    """A few letters for what measures: other code, packages or machines may come to something else."""
    module = inspect.getmodule(getattr(measure, "func", measure))
    code = [inspect.getsource(each) for each in (module, scores, localization_scores, latency) if each]
    # Neither words nor what is made of measurements changes them.
    code[0] = code[0].replace(inspect.getdoc(module) or "", "").partition("\ndef judge(")[0]
    return sha256("".join([*code, _maps(), str(versions()), machine()]).encode()).hexdigest()[:8]


@cache
def _maps() -> str:
    """The code of the maps and figures that claims measure with."""
    return "".join(path.read_text() for path in sorted(_CAM.rglob("*.py")))
