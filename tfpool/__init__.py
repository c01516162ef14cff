"""tfpool: one network, any head after its last convolution. Count it, train it, look at it.

The public names, in the order a newcomer meets them. Names that a first plan does not need are loaded on first use.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from tfpool._version import __version__ as __version__
from tfpool.counting.plan import plan

# Written out for editors and type checkers, also the heads. `build` and `plan` share a name with a module, so they are
# imported here before anything can import that module; none of these modules loads TensorFlow.
from tfpool.models.build import build, with_head
from tfpool.networks.catalog import catalog
from tfpool.networks.heads import FC, GAP, GMP, NIN, SPP, AdaptiveAvg, AvgMax, Flatten, GeM
from tfpool.system.extras import named_extras
from tfpool.system.notebook import quiet_notebook

if TYPE_CHECKING:
    from tfpool.cam import Contrast, Explainer, Explanation, explain, methods, metrics, overlay, sheet
    from tfpool.cam import callbacks as callbacks
    from tfpool.counting.comparison import compare
    from tfpool.models.keras_code import to_code
    from tfpool.models.pretrained import decode_predictions, preprocess_input
    from tfpool.tracking.run_table import runs
    from tfpool.training import Recipe, sweep, train

__all__ = ["catalog", "plan", "compare"]
__all__ += ["GAP", "GMP", "Flatten", "FC", "NIN", "AvgMax", "GeM", "SPP", "AdaptiveAvg"]
__all__ += [
    "build",
    "with_head",
    "preprocess_input",
    "decode_predictions",
    "to_code",
    "Recipe",
    "train",
    "sweep",
    "runs",
]
__all__ += ["explain", "Explanation", "Explainer", "Contrast", "overlay", "sheet", "methods", "metrics"]
__all__ += ["callbacks"]

_CAM = ("explain", "Explanation", "Explainer", "Contrast", "overlay", "sheet", "methods", "metrics", "callbacks")
_ON_FIRST_USE = {
    "compare": "tfpool.counting.comparison",
    "to_code": "tfpool.models.keras_code",
    "runs": "tfpool.tracking.run_table",
    **dict.fromkeys(("preprocess_input", "decode_predictions"), "tfpool.models.pretrained"),
    **dict.fromkeys(("Recipe", "train", "sweep"), "tfpool.training"),
    **dict.fromkeys(_CAM, "tfpool.cam"),
}


def __getattr__(name: str) -> Any:
    if name not in _ON_FIRST_USE:
        raise AttributeError(f"module 'tfpool' has no attribute {name!r}")
    with named_extras(), quiet_notebook():
        value = getattr(import_module(_ON_FIRST_USE[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
