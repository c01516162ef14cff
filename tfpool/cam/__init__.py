"""Class activation maps of any Keras model: the explainer; methods, metrics and figures have packages of their own.

Nothing here knows a plan or a run. Importing this loads TensorFlow. Others use `Explainer`, `explain` and `overlay`.
"""

from tfpool.cam import metrics
from tfpool.cam.attribution.methods import methods
from tfpool.cam.explainer import Explainer, explain
from tfpool.cam.explanation import Explanation, Terms
from tfpool.cam.figures.overlay import overlay
from tfpool.cam.figures.sheet import sheet
from tfpool.cam.targets import Contrast

__all__ = ["Contrast", "Explainer", "Explanation", "Terms", "explain", "methods", "metrics", "overlay", "sheet"]
