"""The explanation methods by name. Listing them loads no TensorFlow.

No map is normalized, so that maps of several models can be drawn on one scale.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from tfpool.cam.attribution.method import Method

_PYTORCH_GRAD_CAM = "the project pytorch-grad-cam"
_PIXELS = "score per pixel value"

METHODS: dict[str, Method] = {
    "cam": Method(
        "class_activation.cam",
        "The class's weights, applied at each position: the map's mean plus the bias is the score of a linear head.",
        "Zhou et al. 2016, arXiv 1512.04150",
    ),
    "gradcam": Method(
        "feature_gradients.gradcam",
        "Channels weighted by their mean gradient; only what speaks for the class.",
        "Selvaraju et al. 2017, arXiv 1610.02391",
        relu=True,
    ),
    "gradcam++": Method(
        "feature_gradients.gradcam_plus_plus",
        "Like gradcam, but only positive gradients count, so that small parts of an object show as well.",
        "Chattopadhay et al. 2018, arXiv 1710.11063",
        unit="activation",
        relu=True,
    ),
    "hirescam": Method(
        "feature_gradients.hirescam",
        "Gradient times activation at each position: the map's sum plus the bias is the score of a linear head.",
        "Draelos & Carin 2020, arXiv 2011.08891",
    ),
    "elementwise": Method(
        "feature_gradients.elementwise",
        "Gradient times activation at each position, of each channel only where the product is positive.",
        _PYTORCH_GRAD_CAM,
    ),
    "xgradcam": Method(
        "feature_gradients.xgradcam",
        "Channels weighted by their gradient where they are active.",
        "Fu et al. 2020, arXiv 2008.02312",
        relu=True,
    ),
    "layercam": Method(
        "feature_gradients.layercam",
        "Positive gradients times activations at each position.",
        "Jiang et al. 2021, IEEE Transactions on Image Processing 30",
        relu=True,
    ),
    "scorecam": Method(
        "channel_scores.scorecam",
        "Channels weighted by the score of the image seen through each of them.",
        "Wang et al. 2020, arXiv 1910.01279",
        cost="1 forward pass per channel",
        unit="activation",
        relu=True,
    ),
    "ablationcam": Method(
        "channel_scores.ablationcam",
        "Channels weighted by how much of the score is lost without each of them.",
        "Desai & Ramaswamy 2020, WACV",
        cost="1 forward pass, and the head once per channel",
        unit="activation",
        relu=True,
    ),
    "eigencam": Method(
        "eigen.eigencam",
        "What most channels have in common, whatever the class; red is more of it.",
        "Muhammad & Yeasin 2020, arXiv 2008.00299",
        unit="activation",
        signed=False,
    ),
    "eigengradcam": Method(
        "eigen.eigengradcam",
        "What most channels have in common, after each is multiplied by the score's gradient.",
        _PYTORCH_GRAD_CAM,
    ),
    "shapleycam": Method(
        "feature_gradients.shapleycam",
        "Like gradcam, corrected for the curvature of the head; the same map where the head has none.",
        "Cai 2025, arXiv 2501.06261",
        relu=True,
    ),
    "finercam": Method(
        "feature_gradients.finercam",
        "Like gradcam, for the score minus the mean of the three nearest scores: what sets the class apart.",
        "Zhang et al. 2025, arXiv 2501.11309",
        relu=True,
        compares=True,
    ),
    "fullgrad": Method(
        "fullgrad.fullgrad",
        "What the image and the bias of every layer contribute, for or against, at each pixel.",
        "Srinivas & Fleuret 2019, arXiv 1905.00780",
        cost="1 forward and backward pass",
        signed=False,
        on_image=True,
        batch=4,
    ),
    "occlusion": Method(
        "perturbation.occlusion",
        "How much of the score is lost where a square hides the image.",
        "Zeiler & Fergus 2014, arXiv 1311.2901",
        cost="1 forward pass per square",
        on_image=True,
    ),
    "rise": Method(
        "perturbation.rise",
        "How much higher the score is while a pixel is visible, over many random masks.",
        "Petsiuk et al. 2018, arXiv 1806.07421",
        cost="2,000 forward passes, one per mask",
        on_image=True,
    ),
    "saliency": Method(
        "input_gradients.saliency",
        "The gradient at the image itself: which pixels would change the score most, up or down.",
        "Simonyan et al. 2013, arXiv 1312.6034",
        cost="1 forward and backward pass",
        unit=_PIXELS,
        signed=False,
        on_image=True,
        batch=8,
    ),
    "smoothgrad": Method(
        "input_gradients.smoothgrad",
        "Saliency of the mean gradient over noisy copies of the image.",
        "Smilkov et al. 2017, arXiv 1706.03825",
        cost="25 forward and backward passes",
        unit=_PIXELS,
        signed=False,
        on_image=True,
        batch=8,
    ),
    "integrated_gradients": Method(
        "input_gradients.integrated_gradients",
        "The mean gradient on the way from a blank image to this one, times the image.",
        "Sundararajan et al. 2017, arXiv 1703.01365",
        cost="64 forward and backward passes",
        on_image=True,
        batch=8,
    ),
}


def methods() -> tuple[str, ...]:
    """Names of the explanation methods that `explain` takes.

    Example:
        >>> import tfpool as tp
        >>> tp.methods()[:4]
        ('cam', 'gradcam', 'gradcam++', 'hirescam')
    """
    return tuple(METHODS)


def signed(names: Iterable[str]) -> bool:
    """Whether values above zero speak for the target, and values below against it, in maps of all these methods."""
    return all(METHODS[name].signed for name in names)


def check_settings(method: str, settings: dict[str, Any]) -> None:
    """Refuse settings that a method does not have."""
    allowed = list(inspect.signature(METHODS[method].make).parameters)[1:]
    for name in settings:
        if name not in allowed:
            expected = f"Use one of: {', '.join(allowed)}." if allowed else "Leave settings out: the method has none."
            raise ValueError(f"{method} has no setting {name!r}. {expected}")
