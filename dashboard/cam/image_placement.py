"""A control to drag and enlarge an image, the same done to its pixels, and its placement as text in the address."""

from __future__ import annotations

import base64
import re
from dataclasses import asdict, dataclass, replace

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.components import component
from tfpool.system.png import png_bytes

MOST_ENLARGED = 4.0
BORDERS = {"wrap": "wrap", "reflect": "symmetric", "black": "constant"}
"""What is beyond an image's border, by its name on the page, with NumPy's name of the padding."""
AUTOMATIC = "automatic"
_SEAM = 5.0
"""An image wraps by default if opposite borders differ at most this many times as much as neighboring pixels."""
_DIGITS = 4
"""Digits of the image's digest in the address, so that a placement does not move another image."""
_TEXT = re.compile(
    rf"(?P<right>-?\d{{1,5}})_(?P<down>-?\d{{1,5}})_(?P<enlarged>\d\.\d)_(?P<which>[0-9a-f]{{{_DIGITS}}})", re.ASCII
)

_component = component("image_placement")


@dataclass(frozen=True)
class Placement:
    """How an image is moved in its frame, in fractions of its width and height, and enlarged around its middle.

    `border`, one of `BORDERS`, is what stands where the image has left its frame.
    """

    right: float = 0.0
    down: float = 0.0
    enlarged: float = 1.0
    border: str = "black"

    def apply(self, pixels: np.ndarray) -> np.ndarray:
        """A uint8 image (H, W, C) shifted and enlarged."""
        if (self.right, self.down, self.enlarged) == (0, 0, 1):
            return pixels
        height, width = pixels.shape[:2]
        scale = 1 / self.enlarged
        across = width / 2 - scale * width * (0.5 + self.right)
        along = height / 2 - scale * height * (0.5 + self.down)
        gray = pixels.shape[2] == 1
        # No shift is longer than the image.
        room = ((height, height), (width, width), (0, 0))
        around = np.pad(pixels, room, mode=BORDERS[self.border])  # type: ignore[call-overload]
        image = Image.fromarray(around[..., 0] if gray else around)
        across, along = across + width, along + height
        moved = image.transform(
            (width, height), Image.Transform.AFFINE, (scale, 0, across, 0, scale, along), Image.Resampling.BILINEAR
        )
        return np.asarray(moved).reshape(pixels.shape)


def border_control(pixels: np.ndarray, key: str) -> str:
    """Ask what is beyond the border of a uint8 image (H, W, C): one of `BORDERS`, by default `usual_border`."""
    usual = usual_border(pixels)
    chosen = st.selectbox(
        "Beyond the border",
        [AUTOMATIC, *BORDERS],
        key=key,
        bind="query-params",
        help="What fills the frame where the image has left it. Wrap brings in the opposite border, reflect a mirror "
        f"image. Automatic wraps images whose borders fit together: this one gets {usual}",
    )
    return usual if chosen == AUTOMATIC else chosen


def usual_border(pixels: np.ndarray) -> str:
    """Wrap where opposite borders of a uint8 image (H, W, C) fit together, and reflect elsewhere."""
    values = pixels.astype(np.float32)

    def fits(axis: int) -> bool:
        first, last = values.take(0, axis), values.take(-1, axis)
        return bool(np.abs(first - last).mean() <= _SEAM * np.abs(np.diff(values, axis=axis)).mean())

    return "wrap" if fits(0) and fits(1) else "reflect"


def placement_control(
    pixels: np.ndarray, digest: str, key: str, name: str, border: str, most_side: int = 240
) -> Placement:
    """Show a uint8 image (H, W, C) that can be dragged, by hand or with the arrow keys, and enlarged.

    Its placement is kept in the address under the control's key, until an image with another `explanations.digest` is
    shown. Screen readers say its name. The frame is at most `most_side` pixels wide.
    """
    height, width = pixels.shape[:2]
    own_key = f"{key}_{digest[:16]}"
    from_address = from_text(st.query_params.get(key, ""), width, height, digest)
    state = (st.session_state.get(own_key) or {}).get("view") or _view(from_address)
    result = _component(
        data={
            "picture": data_url(pixels),
            "width": width,
            "height": height,
            "view": state,
            "most": MOST_ENLARGED,
            "border": border,
            "side": most_side,
            "label": f"{name}: drag it, or move it with the arrow keys",
        },
        default={"view": state},
        key=own_key,
        on_view_change=lambda: None,
    )
    view = result.view or state
    # What a browser sends may be anything.
    placement = _within(*(float(view[name]) for name in ("right", "down", "enlarged")))
    text = to_text(placement, width, height, digest)
    if text != st.query_params.get(key, ""):
        if text:
            st.query_params[key] = text
        else:
            del st.query_params[key]
    return replace(placement, border=border)


def to_text(placement: Placement, width: int, height: int, digest: str) -> str:
    """The placement as text for an address: pixels right, pixels down, enlargement, and the start of the digest."""
    if placement == Placement():
        return ""
    right, down = round(placement.right * width), round(placement.down * height)
    return f"{right}_{down}_{placement.enlarged:.1f}_{digest[:_DIGITS]}"


def from_text(text: str, width: int, height: int, digest: str) -> Placement:
    """The placement that `to_text` wrote for this image; the image's own place for any other text."""
    match = _TEXT.fullmatch(text)
    if not match or match["which"] != digest[:_DIGITS]:
        return Placement()
    return _within(int(match["right"]) / width, int(match["down"]) / height, float(match["enlarged"]))


def _view(placement: Placement) -> dict[str, float]:
    """What the component knows of a placement."""
    return {name: value for name, value in asdict(placement).items() if name != "border"}


def _within(right: float, down: float, enlarged: float) -> Placement:
    right, down = (min(1.0, max(-1.0, fraction)) for fraction in (right, down))
    return Placement(right, down, min(MOST_ENLARGED, max(1.0, enlarged)))


def data_url(pixels: np.ndarray) -> str:
    """A uint8 image (H, W, C) as an address that holds it, for a component."""
    picture = png_bytes(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.uint8))
    return "data:image/png;base64," + base64.b64encode(picture).decode()
