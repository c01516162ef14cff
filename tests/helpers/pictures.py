"""Files of pictures, read back."""

import io
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
from PIL import Image
from playwright.sync_api import Locator


def words(path: Path) -> str:
    """All text of an SVG file, a space between its lines."""
    texts = ElementTree.parse(path).iter("{http://www.w3.org/2000/svg}text")
    return " ".join("".join(text.itertext()).strip() for text in texts)


def pixels(element: Locator) -> np.ndarray:
    element.scroll_into_view_if_needed()
    with Image.open(io.BytesIO(element.screenshot(animations="disabled"))) as shot:
        return np.asarray(shot.convert("RGB")).astype(int)
