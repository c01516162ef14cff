"""An image that is dragged and enlarged by hand, the same done to its pixels, and where it lies as a word."""

from __future__ import annotations

import base64
import io
import re
from dataclasses import asdict, dataclass

import numpy as np
import streamlit as st
from PIL import Image

from dashboard.components import component

MOST_ENLARGED = 4.0
_NAMED = 4
"""Signs of an image's digest in an address: another image is not shifted by a word that is meant for this one."""
_WORD = re.compile(
    rf"(?P<right>-?\d{{1,5}})_(?P<down>-?\d{{1,5}})_(?P<enlarged>\d\.\d)_(?P<which>[0-9a-f]{{{_NAMED}}})", re.ASCII
)

_component = component("image_placement")


@dataclass(frozen=True)
class Placing:
    """Where an image is put in its frame.

    Attributes:
        right: how far it is shifted, as a share of its width.
        down: likewise, of its height.
        enlarged: how many times, from its middle.
    """

    right: float = 0.0
    down: float = 0.0
    enlarged: float = 1.0

    def applied(self, pixels: np.ndarray) -> np.ndarray:
        """A uint8 image (H, W, C) shifted and enlarged; black where nothing of it is."""
        if self == Placing():
            return pixels
        height, width = pixels.shape[:2]
        scale = 1 / self.enlarged
        across = width / 2 - scale * width * (0.5 + self.right)
        along = height / 2 - scale * height * (0.5 + self.down)
        grey = pixels.shape[2] == 1
        image = Image.fromarray(pixels[..., 0] if grey else pixels)
        moved = image.transform(
            (width, height), Image.Transform.AFFINE, (scale, 0, across, 0, scale, along), Image.Resampling.BILINEAR
        )
        return np.asarray(moved).reshape(pixels.shape)


def dragged(pixels: np.ndarray, which: str, key: str, name: str) -> Placing:
    """Show a uint8 image (H, W, C) to be dragged, by hand or the arrow keys, and enlarged.

    Where it was put stands in the address under the control's key, until another image takes its place.

    Args:
        which: what tells the image from others, such as its digest.
        key: of the control.
        name: what the image is called for who cannot see it.
    """
    height, width = pixels.shape[:2]
    own = f"{key}_{which[:16]}"
    from_address = read(st.query_params.get(key, ""), width, height, which)
    state = (st.session_state.get(own) or {}).get("view") or asdict(from_address)
    result = _component(
        data={
            "picture": _data_url(pixels),
            "width": width,
            "height": height,
            "view": state,
            "most": MOST_ENLARGED,
            "label": f"{name}: drag it, or move it with the arrow keys",
        },
        default={"view": state},
        key=own,
        on_view_change=lambda: None,
    )
    view = result.view or state
    # What a browser sends may be anything.
    placing = _within(*(float(view[name]) for name in ("right", "down", "enlarged")))
    word = written(placing, width, height, which)
    if word != st.query_params.get(key, ""):
        if word:
            st.query_params[key] = word
        else:
            del st.query_params[key]
    return placing


def written(placing: Placing, width: int, height: int, which: str) -> str:
    """Where an image of that size is put, as a word for an address: pixels right, pixels down, times, and the image."""
    if placing == Placing():
        return ""
    right, down = round(placing.right * width), round(placing.down * height)
    return f"{right}_{down}_{placing.enlarged:.1f}_{which[:_NAMED]}"


def read(word: str, width: int, height: int, which: str) -> Placing:
    """What `written` wrote of this image; where it lies by itself for any other word."""
    found = _WORD.fullmatch(word)
    if not found or found["which"] != which[:_NAMED]:
        return Placing()
    return _within(int(found["right"]) / width, int(found["down"]) / height, float(found["enlarged"]))


def _within(right: float, down: float, enlarged: float) -> Placing:
    right, down = (min(1.0, max(-1.0, share)) for share in (right, down))
    return Placing(right, down, min(MOST_ENLARGED, max(1.0, enlarged)))


def _data_url(pixels: np.ndarray) -> str:
    kept = io.BytesIO()
    Image.fromarray(np.broadcast_to(pixels, (*pixels.shape[:2], 3)).astype(np.uint8)).save(kept, "PNG")
    return "data:image/png;base64," + base64.b64encode(kept.getvalue()).decode()
