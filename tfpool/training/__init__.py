"""Training: what to do (`Recipe`), and a background process that does it. Loads no TensorFlow by itself."""

from tfpool.training.api import train
from tfpool.training.launcher import launch
from tfpool.training.queue import enqueue_heads, enqueue_sweep
from tfpool.training.recipe import Recipe

__all__ = ["Recipe", "enqueue_heads", "enqueue_sweep", "launch", "train"]
