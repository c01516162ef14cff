"""Images of one's own: from files, the clipboard or a camera. A session holds the last ones for all pages."""

from __future__ import annotations

import io
from typing import NamedTuple

import numpy as np
import streamlit as st

from dashboard.common.page import message_of
from dashboard.common.uploads import taken
from dashboard.components import component
from dashboard.server.sharing import most_upload
from tfpool.data.custom.safe_names import distinct_names
from tfpool.data.image_formats import SUFFIXES
from tfpool.data.images import read_image

MOST = 12
"""Images per session. Each has at most 512 × 512 pixels."""
_KEY, _UPLOADS, _ERROR = "own_images", "own_image_uploads", "own_image_error"
_paste = component("paste")


class OwnImage(NamedTuple):
    """An image that somebody sent, uint8 (H, W, 3), with any name."""

    name: str
    pixels: np.ndarray


def held() -> list[OwnImage]:
    """The session's images, the newest first."""
    return st.session_state.get(_KEY, [])


def pick(page: str) -> OwnImage | None:
    """Ask for images, and which of them to use; None if there is none yet. Keys begin with `page`."""
    images = {image.name: image for image in held()}
    name = st.selectbox("Image", list(images), key=f"{page}_own_image") if images else None
    uploads = st.session_state.get(_UPLOADS, 0)
    key = f"{page}_upload_{uploads}"
    st.file_uploader(
        "Image files",
        [suffix.removeprefix(".") for suffix in SUFFIXES],
        accept_multiple_files=True,
        max_upload_size=most_upload(st.get_option("server.maxUploadSize")),
        key=key,
        on_change=_take,
        args=(page, key),
        help="The middle of an image is cut out and resized to each model's input",
    )
    _paste(data={"uploader": key}, key=f"{page}_paste")
    # A browser asks for permission as soon as a camera is on the page.
    if st.toggle("Use the camera", key=f"{page}_camera_on_{uploads}"):
        camera = f"{page}_camera_{uploads}"
        st.camera_input("Take a picture", key=camera, on_change=_take, args=(page, camera))
    for error in st.session_state.pop(_ERROR, []):
        st.error(error)
    return images[name] if name else None


def _take(page: str, key: str) -> None:
    """Read the images that have just been sent, and show the last of them."""
    sent = st.session_state[key]
    files = sent if isinstance(sent, list) else [sent]
    errors = []
    for upload in taken([file for file in files if file]):
        name = "camera picture" if "_camera_" in key else upload.name
        try:
            pixels = read_image(io.BytesIO(upload.content), (None, None, 3), name=name)
        except ValueError as error:
            errors.append(message_of(error))
            continue
        name = distinct_names([*(image.name for image in held()), name], "image")[-1]
        st.session_state[_KEY] = [OwnImage(name, pixels), *held()][:MOST]
        st.session_state[f"{page}_own_image"] = name
    st.session_state[_ERROR] = errors
    # With another key the uploader is empty and the camera off.
    st.session_state[_UPLOADS] = st.session_state.get(_UPLOADS, 0) + 1
