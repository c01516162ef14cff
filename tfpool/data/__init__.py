"""Data sets by name: uint8 images with labels, in three parts that never overlap. Importing this loads no Keras.

Scaling pixels for a network is in `models.preprocessing`. Others use `load`, `names`, `add`, `DataSet` and `Part`.
"""

from tfpool.data.custom.add import add
from tfpool.data.custom.arrays import from_arrays
from tfpool.data.custom.edits import edit_classes, merge
from tfpool.data.custom.extension import extend
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
    "edit_classes",
    "extend",
    "from_arrays",
    "inspect",
    "load",
    "merge",
    "names",
    "remove",
    "to_input",
]
