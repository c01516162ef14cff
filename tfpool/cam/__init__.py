"""Class activation maps for Keras models of any origin. Needs no plan, and loads TensorFlow."""

from tfpool.cam import metrics
from tfpool.cam.explainer import Explainer, explain
from tfpool.cam.explanation import Explanation, Terms
from tfpool.cam.methods import methods
from tfpool.cam.overlay import overlay
from tfpool.cam.sheet import sheet
from tfpool.cam.targets import Contrast

__all__ = ["Contrast", "Explainer", "Explanation", "Terms", "explain", "methods", "metrics", "overlay", "sheet"]
