"""Data sets by name: images with labels in three parts that never overlap. Loads no TensorFlow.

Images are kept as uint8, as they came; networks read them as float32 from 0 to 1 (`to_input`).
"""

from __future__ import annotations

from tfpool.data.custom.add import add
from tfpool.data.custom.inspection import Report, inspect
from tfpool.data.dataset import PARTS, DataSet, Part
from tfpool.data.descriptions import Facts, describe
from tfpool.data.registry import DATA, load, names, remove, to_input

__all__ = [
    "DATA",
    "PARTS",
    "DataSet",
    "Facts",
    "Part",
    "Report",
    "add",
    "describe",
    "inspect",
    "load",
    "names",
    "remove",
    "to_input",
]
