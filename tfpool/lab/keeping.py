"""Measurements kept in files, so that none is taken twice."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from tfpool.files import atomic
from tfpool.lab import measuring, pointing, timing


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
    """A few letters for the code that measures: what other code has measured is not taken for this one's."""
    module = inspect.getmodule(getattr(measure, "func", measure))
    code = [inspect.getsource(each) for each in (module, measuring, pointing, timing) if each]
    # Neither words nor what is made of measurements changes them.
    code[0] = code[0].replace(inspect.getdoc(module) or "", "").partition("\ndef judge(")[0]
    return sha256("".join(code).encode()).hexdigest()[:8]
