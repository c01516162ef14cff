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

__all__ = [
    "agreement",
    "centre_map",
    "energy_inside",
    "masks_of",
    "max_box_acc",
    "max_box_acc_v2",
    "pixel_average_precision",
    "pointing_game",
]
