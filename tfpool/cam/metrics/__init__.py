"""Is a map any good? Figures that judge one, each with a case that can be counted by hand in the tests."""

from tfpool.cam.metrics.agreeing import agreement
from tfpool.cam.metrics.boxes import max_box_acc, max_box_acc_v2
from tfpool.cam.metrics.localising import (
    centre_map,
    energy_inside,
    masks_of,
    pixel_average_precision,
    pointing_game,
    random_map,
)
from tfpool.cam.metrics.masking import Curves, average_drop, deletion, increase, insertion, road
from tfpool.cam.metrics.sanity import sanity_check

__all__ = [
    "Curves",
    "agreement",
    "average_drop",
    "centre_map",
    "deletion",
    "energy_inside",
    "increase",
    "insertion",
    "masks_of",
    "max_box_acc",
    "max_box_acc_v2",
    "pixel_average_precision",
    "pointing_game",
    "random_map",
    "road",
    "sanity_check",
]
