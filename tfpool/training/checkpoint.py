"""The whole state of a training in one file, from which it resumes as if it had never stopped."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np

from tfpool.system.files import Guard, atomic

_STATE = "state"


def save(path: Path, variables: Sequence[keras.Variable], state: dict[str, Any], guard: Guard = nullcontext) -> None:
    """Write variables and a JSON state. The file is always whole: the old one or the new one."""
    arrays = {str(number): np.asarray(variable) for number, variable in enumerate(variables)}
    with atomic(path, guard) as temporary:
        np.savez(temporary, **{_STATE: np.array(json.dumps(state))}, **arrays)  # type: ignore[arg-type]


def load(path: Path, variables: Sequence[keras.Variable]) -> dict[str, Any] | None:
    """Restore the variables and return the state; None if there is no file."""
    if not path.exists():
        return None
    try:
        # NumPy does not close a file that it cannot read.
        with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
            state = json.loads(str(file[_STATE]))
            arrays = [file[str(number)] for number in range(len(file.files) - 1)]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise ValueError(f"The checkpoint {path} is damaged. Train the run again from its start.") from error
    if [array.shape for array in arrays] != [tuple(variable.shape) for variable in variables]:
        raise ValueError(f"The checkpoint {path} belongs to another model. Train the run again from its start.")
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
    return state
