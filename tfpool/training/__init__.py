"""Training: the recipe, the queue, the worker process and the trainer inside it. Importing the package loads no Keras.

Runs are kept in `tracking`. Others use `Recipe`, `train`, `sweep`, `resume`, `enqueue_heads`, `enqueue_sweep` and
`launch`.
Add an optimizer in `optimizer`, and its values per weight in `counting.counts.SLOTS`.
"""

from tfpool.training.api import sweep, train
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue_heads, enqueue_sweep, resume
from tfpool.training.recipe import Recipe

__all__ = ["Recipe", "enqueue_heads", "enqueue_sweep", "launch", "resume", "sweep", "train"]
