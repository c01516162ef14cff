"""The explanation methods by name: formulas over features A (N, h, w, C) and what the head says of them.

No map is normalised, so that maps of several models can be laid on one scale.
"""

from __future__ import annotations

from tfpool.cam.eigen import eigencam, eigengradcam
from tfpool.cam.fullgrad import fullgrad
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
from tfpool.cam.kinds import Method
from tfpool.cam.linear import cam
from tfpool.cam.masking import occlusion, rise
from tfpool.cam.probing import ablationcam, scorecam
from tfpool.cam.saliency import integrated_gradients, saliency, smoothgrad

METHODS: dict[str, Method] = {
    "cam": Method(cam),
    "gradcam": Method(gradcam, relu=True),
    "gradcam++": Method(gradcam_plus_plus, relu=True),
    "hirescam": Method(hirescam),
    "elementwise": Method(elementwise),
    "xgradcam": Method(xgradcam, relu=True),
    "layercam": Method(layercam, relu=True),
    "scorecam": Method(scorecam, relu=True),
    "ablationcam": Method(ablationcam, relu=True),
    "eigencam": Method(eigencam),
    "eigengradcam": Method(eigengradcam),
    "shapleycam": Method(shapleycam, relu=True),
    "finercam": Method(finercam, relu=True, compares=True),
    "fullgrad": Method(fullgrad, on_image=True, batch=4),
    "occlusion": Method(occlusion, on_image=True),
    "rise": Method(rise, on_image=True),
    "saliency": Method(saliency, on_image=True, batch=8),
    "smoothgrad": Method(smoothgrad, on_image=True, batch=8),
    "integrated_gradients": Method(integrated_gradients, on_image=True, batch=8),
}


def methods() -> tuple[str, ...]:
    """Names of the explanation methods that `explain` takes."""
    return tuple(METHODS)
