import base64
import io
import re

import numpy as np
from PIL import Image

from tfpool.system.notebook import html_lines, html_picture, html_table, is_notebook


def test_text_is_never_markup() -> None:
    hostile = "<script>alert(1)</script>"
    for shown in (
        html_table([hostile], [[hostile]]),
        html_lines(hostile),
        html_picture(np.zeros((1, 1, 3), np.uint8), f'"{hostile}'),
    ):
        assert "<script" not in shown
        assert '""' not in shown


def test_numbers_are_on_the_right() -> None:
    shown = html_table(("layer", "params"), [("conv", "1,000")], right=(1,))
    assert re.findall(r"text-align: (\w+)", shown) == ["left", "right"] * 2


def test_a_picture_keeps_its_pixels() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (4, 5, 3)).astype(np.uint8)
    data = re.search(r"base64,([^\"]+)", html_picture(pixels, "noise"))
    assert data is not None
    np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(base64.b64decode(data[1])))), pixels)


def test_a_program_is_no_notebook() -> None:
    assert not is_notebook()
