"""Saved models without arguments that older Keras versions do not know, where they change nothing."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

from tfpool.system.files import atomic

_CONFIG = "config.json"
_NEUTRAL: dict[str, Any] = {
    "quantization_config": None,
    **dict.fromkeys(("input_axes", "output_axes")),
    **{"renorm": False, "renorm_clipping": None, "renorm_momentum": 0.99},
}
"""Arguments that came after Keras 3.10, each with the value that it has there: its default, which means "as before"."""


def leave_out(path: Path) -> None:
    """Rewrite a `.keras` file such that Keras 3.10 opens it, if it has the layers. Weights are copied as they are.

    Args:
        path: a file that `model.save` has written.

    Example:
        >>> import keras
        >>> from pathlib import Path
        >>> from tfpool.models.neutral_arguments import leave_out
        >>> keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save("model.keras")
        >>> leave_out(Path("model.keras"))
        >>> keras.models.load_model("model.keras").count_params()
        10
    """
    with zipfile.ZipFile(path) as saved, atomic(path) as temporary, zipfile.ZipFile(temporary, "w") as rewritten:
        for entry in saved.infolist():
            content = saved.read(entry)
            if entry.filename == _CONFIG:
                content = json.dumps(_without(json.loads(content))).encode()
            rewritten.writestr(entry, content)


def _without(config: Any) -> Any:
    if isinstance(config, dict):
        known = {name: value for name, value in config.items() if name not in _NEUTRAL or value != _NEUTRAL[name]}
        return {name: _without(value) for name, value in known.items()}
    return [_without(value) for value in config] if isinstance(config, list) else config
