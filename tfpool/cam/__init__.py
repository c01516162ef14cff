"""Class activation maps of any Keras model: the explainer; methods, metrics and figures have packages of their own.

Nothing here knows a plan or a run. Names are loaded on first use, and most load TensorFlow; the tables of methods and
color scales do not. Others use `Explainer`, `explain`, `overlay` and `attribution.methods.METHODS`.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tfpool.cam import metrics
    from tfpool.cam.attribution.methods import methods
    from tfpool.cam.explainer import Explainer, explain
    from tfpool.cam.explanation import Explanation, Terms
    from tfpool.cam.figures.overlay import overlay
    from tfpool.cam.figures.sheet import sheet
    from tfpool.cam.targets import Contrast

__all__ = ["Contrast", "Explainer", "Explanation", "Terms", "explain", "methods", "metrics", "overlay", "sheet"]

_LATER = {
    "Contrast": "targets",
    "Explainer": "explainer",
    "Explanation": "explanation",
    "Terms": "explanation",
    "explain": "explainer",
    "methods": "attribution.methods",
    "overlay": "figures.overlay",
    "sheet": "figures.sheet",
}


def __getattr__(name: str) -> Any:
    if name in ("metrics", "callbacks"):
        return import_module(f"tfpool.cam.{name}")
    if name not in _LATER:
        raise AttributeError(f"module 'tfpool.cam' has no attribute {name!r}")
    value = getattr(import_module(f"tfpool.cam.{_LATER[name]}"), name)
    globals()[name] = value
    return value
