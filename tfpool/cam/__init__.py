"""Class activation maps for Keras models of any origin. Needs no plan, and loads TensorFlow."""

from tfpool.cam import metrics
from tfpool.cam.attribution.methods import methods
from tfpool.cam.explainer import Explainer, explain
from tfpool.cam.explanation import Explanation, Terms
from tfpool.cam.figures.overlay import overlay
from tfpool.cam.figures.sheet import sheet
from tfpool.cam.targets import Contrast

__all__ = ["Contrast", "Explainer", "Explanation", "Terms", "explain", "methods", "metrics", "overlay", "sheet"]
