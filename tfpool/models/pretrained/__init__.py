"""ImageNet weights: where they come from, what images they expect, and what their 1000 scores are called.

SqueezeNet's are bundled; those of keras.applications are downloaded by Keras, or read from a file. Loads no TensorFlow.
"""

from tfpool.models.pretrained.applications import NETWORKS
from tfpool.models.pretrained.imagenet import class_names, decode_predictions, preprocess_input
from tfpool.models.pretrained.weights import load_weights

__all__ = ["NETWORKS", "load_weights", "preprocess_input", "decode_predictions", "class_names"]
