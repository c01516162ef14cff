"""ImageNet weights: their source, the pixels they expect, the names of their 1000 classes. Loads no Keras.

The networks themselves are in `networks`. Other packages use the names below.
"""

from tfpool.models.pretrained.applications import NETWORKS
from tfpool.models.pretrained.imagenet import class_names, decode_predictions, preprocess_input
from tfpool.models.pretrained.weights import load_weights

__all__ = ["NETWORKS", "load_weights", "preprocess_input", "decode_predictions", "class_names"]
