"""Is a map any good? Figures that judge one, each with a case that can be counted by hand in the tests."""

from tfpool.cam.metrics.agreeing import agreement
from tfpool.cam.metrics.localising import (
    centre_map,
    energy_inside,
    masks_of,
    max_box_acc,
    max_box_acc_v2,
    pixel_average_precision,
    pointing_game,
)
from tfpool.cam.metrics.masking import Curves, average_drop, deletion, insertion, road

__all__ = [
    "Curves",
    "agreement",
    "average_drop",
    "centre_map",
    "deletion",
    "energy_inside",
    "insertion",
    "masks_of",
    "max_box_acc",
    "max_box_acc_v2",
    "pixel_average_precision",
    "pointing_game",
    "road",
]
