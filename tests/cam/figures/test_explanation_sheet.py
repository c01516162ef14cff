import base64
import io
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tfpool as tp
from tfpool.cam import Explanation
from tfpool.cam.figures.explanation_sheet import displayable
from tfpool.cam.figures.sheet import pixels_of


def explanation(images: Any, **changed: Any) -> Explanation:
    heatmaps = np.linspace(-1, 1, len(images) * 4, dtype=np.float32).reshape(-1, 2, 2)
    facts: dict[str, Any] = {"targets": np.arange(len(images)), "scores": np.ones(len(images)), "layer": "conv"}
    return Explanation(heatmaps, **{**facts, "method": "hirescam", "images": images, **changed})


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        (np.array([0, 7, 255], np.uint8), [0, 7, 255]),
        (np.array([0.0, 0.5, 1.0]), [0, 128, 255]),
        (np.array([0.0, 7.0, 200.0]), [0, 7, 200]),
        (np.array([-1.0, 0.0, 1.0]), [0, 128, 255]),
        (np.array([-104.0, 0.0, 151.0]), [0, 104, 255]),
        (np.array([-3.0, -3.0, -3.0]), [0, 0, 0]),
    ],
)
def test_images_in_any_scale_can_be_looked_at(image: np.ndarray, expected: list[int]) -> None:
    assert displayable(image).tolist() == expected


def test_a_plot_has_the_images_and_maps_of_a_sheet() -> None:
    images = np.random.default_rng(0).integers(0, 256, (2, 28, 28, 3)).astype(np.uint8)
    e = explanation(images)
    names = ["bag", "coat"]
    expected = tp.sheet(
        images, [[heatmap] for heatmap in e.heatmaps], ["image 1", "image 2"], ["hirescam"], [["bag: 1"], ["coat: 1"]]
    )
    figure = e.plot(class_names=names)
    np.testing.assert_array_equal(pixels_of(figure), expected)
    shown = Image.open(io.BytesIO(figure._repr_png_()))  # type: ignore[attr-defined]
    np.testing.assert_array_equal(np.asarray(shown), expected)


def test_a_notebook_shows_eight_images_of_many() -> None:
    one, eight, nine = (explanation(np.zeros((number, 8, 8, 1)))._repr_html_() for number in (1, 8, 9))
    heights = [picture_of(shown).height for shown in (one, eight, nine)]
    assert heights[0] < heights[1] == heights[2]
    assert "the first 8" in nine
    assert "the first 8" not in eight


def picture_of(shown: str) -> Image.Image:
    data = re.search(r"base64,([^\"]+)", shown)
    assert data is not None
    return Image.open(io.BytesIO(base64.b64decode(data[1])))


def test_images_that_cannot_be_drawn_are_refused_and_left_out_of_a_notebook() -> None:
    bands = explanation(np.zeros((1, 8, 8, 5)))
    with pytest.raises(ValueError, match=r"5\).*images="):
        bands.plot()
    assert "<img" not in bands._repr_html_()
    assert "5)" in bands._repr_html_()
    assert bands.plot(images=np.zeros((1, 8, 8, 3))) is not None
    with pytest.raises(ValueError, match="class 0"):
        bands.plot(np.zeros((1, 8, 8, 3)), class_names=[])


@pytest.mark.slow
def test_image_files_are_drawn_as_they_look(tmp_path: Path) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (32, 32, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    model = tp.build(tp.plan("convnet", input_shape=(32, 32, 3)))
    with pytest.warns(UserWarning, match="0"):
        e = tp.explain(model, tmp_path / "noise.png", target=[0])
    assert e.images is not None
    np.testing.assert_array_equal(e.images[0], pixels)
    assert e.method == "gradcam"


@pytest.mark.slow
def test_the_parts_of_a_score_are_shown_and_add_up() -> None:
    model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)), seed=0)
    terms = tp.Explainer(model, "cam").terms(np.random.default_rng(0).random((28, 28, 1)), target=3)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", terms._repr_html_())
    values = [float(cell) for cell in cells[1::2]]
    *parts, score = values
    assert sum(parts) == pytest.approx(score, abs=5e-3 * max(map(abs, values)))
    assert cells[::2][-3:] == ["bias", "the rest", "score"]
