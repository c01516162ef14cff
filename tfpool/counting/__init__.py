"""Counts of a network without building it: parameters, MACs, memory, receptive field; of a plan or of any Keras model.

Building the model is in `models`. Others use `register`, `plan.plan`, `comparison.compare` and `keras_model.read`.
"""

from tfpool.counting.rules import register as register
