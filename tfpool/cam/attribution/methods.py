"""The explanation methods by name: formulas over features A (N, h, w, C) and what the head says of them.

No map is normalised, so that maps of several models can be laid on one scale.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from tfpool.cam.attribution.channel_scores import ablationcam, scorecam
from tfpool.cam.attribution.class_activation import cam
from tfpool.cam.attribution.eigen import eigencam, eigengradcam
from tfpool.cam.attribution.feature_gradients import (
    elementwise,
    finercam,
    gradcam,
    gradcam_plus_plus,
    hirescam,
    layercam,
    shapleycam,
    xgradcam,
)
from tfpool.cam.attribution.fullgrad import fullgrad
from tfpool.cam.attribution.input_gradients import integrated_gradients, saliency, smoothgrad
from tfpool.cam.attribution.method import Method
from tfpool.cam.attribution.perturbation import occlusion, rise

METHODS: dict[str, Method] = {
    "cam": Method(cam),
    "gradcam": Method(gradcam, relu=True),
    "gradcam++": Method(gradcam_plus_plus, relu=True, unit="activation"),
    "hirescam": Method(hirescam),
    "elementwise": Method(elementwise),
    "xgradcam": Method(xgradcam, relu=True),
    "layercam": Method(layercam, relu=True),
    "scorecam": Method(scorecam, relu=True, unit="activation"),
    "ablationcam": Method(ablationcam, relu=True, unit="activation"),
    "eigencam": Method(eigencam, unit="activation", directed=False),
    "eigengradcam": Method(eigengradcam),
    "shapleycam": Method(shapleycam, relu=True),
    "finercam": Method(finercam, relu=True, compares=True),
    "fullgrad": Method(fullgrad, on_image=True, directed=False, batch=4),
    "occlusion": Method(occlusion, on_image=True),
    "rise": Method(rise, on_image=True),
    "saliency": Method(saliency, on_image=True, unit="score a pixel value", directed=False, batch=8),
    "smoothgrad": Method(smoothgrad, on_image=True, unit="score a pixel value", directed=False, batch=8),
    "integrated_gradients": Method(integrated_gradients, on_image=True, batch=8),
}


def methods() -> tuple[str, ...]:
    """Names of the explanation methods that `explain` takes."""
    return tuple(METHODS)


def directed(names: Iterable[str]) -> bool:
    """Whether in the maps of all these methods what is above zero speaks for the target, and what is below against."""
    return all(METHODS[name].directed for name in names)


def check_settings(method: str, settings: dict[str, Any]) -> None:
    """Refuse settings that a method does not have.

    Raises:
        ValueError: listing those that it has.
    """
    known = list(inspect.signature(METHODS[method].make).parameters)[1:]
    for name in settings:
        if name not in known:
            what = f"It takes {', '.join(known)}." if known else "It takes none."
            raise ValueError(f"{method} has no setting {name!r}. {what}")
