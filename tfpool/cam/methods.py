"""The explanation methods by name: formulas over features A (N, h, w, C) and what the head says of them.

No map is normalised, so that maps of several models can be laid on one scale.
"""

from __future__ import annotations

from collections.abc import Callable

from tfpool.anatomy.locate import Anatomy
from tfpool.cam.eigen import eigencam, eigengradcam
from tfpool.cam.gradients import (
    elementwise,
    finercam,
    gradcam,
    gradcam_plus_plus,
    hirescam,
    layercam,
    shapleycam,
    xgradcam,
)
from tfpool.cam.kinds import Maps
from tfpool.cam.linear import cam
from tfpool.cam.probing import ablationcam, scorecam

METHODS: dict[str, Callable[[Anatomy], Maps]] = {
    "cam": cam,
    "gradcam": gradcam,
    "gradcam++": gradcam_plus_plus,
    "hirescam": hirescam,
    "elementwise": elementwise,
    "xgradcam": xgradcam,
    "layercam": layercam,
    "scorecam": scorecam,
    "ablationcam": ablationcam,
    "eigencam": eigencam,
    "eigengradcam": eigengradcam,
    "shapleycam": shapleycam,
    "finercam": finercam,
}


def methods() -> tuple[str, ...]:
    """Names of the explanation methods that `explain` takes."""
    return tuple(METHODS)
