"""Class activation maps for Keras models of any origin. Needs no plan, and loads TensorFlow."""

from tfpool.cam import metrics
from tfpool.cam.explainer import Explainer, Explanation, explain
from tfpool.cam.methods import methods
from tfpool.cam.overlay import overlay

__all__ = ["Explainer", "Explanation", "explain", "methods", "metrics", "overlay"]
