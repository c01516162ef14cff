"""Is a map any good? The metrics that judge one: fidelity, localization, randomization. Add a metric here.

Computing maps is in `cam.attribution`. Others use the names below, as `tfpool.metrics`.
"""

from tfpool.system.extras import named_extras

with named_extras():
    from tfpool.cam.metrics.box_accuracy import max_box_acc, max_box_acc_v2
    from tfpool.cam.metrics.fidelity import Curves, average_drop, deletion, increase, insertion, road
    from tfpool.cam.metrics.localization import (
        centre_map,
        energy_inside,
        masks_of,
        pixel_average_precision,
        pointing_game,
        random_map,
    )
    from tfpool.cam.metrics.randomization import sanity_check
    from tfpool.cam.metrics.rank_correlation import agreement

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
