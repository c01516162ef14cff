"""Scores of a shifted image, and the share of the answers that change."""

from pathlib import Path

import numpy as np
import pytest

from dashboard.cam import model_picker, shift_curves
from dashboard.cam.image_placement import Placement
from dashboard.cam.shift_curves import Shifted
from tests.helpers.pages import opened, words
from tfpool import data, examples


def test_the_share_counts_shifts_whose_answer_differs_from_that_in_place() -> None:
    scores = np.array([[0, 1], [1, 0], [2, 0], [0, 3], [5, 4]], np.float32)
    assert Shifted(np.array([-0.5, -0.25, 0, 0.25, 0.5]), scores).changed == pytest.approx(2 / 4)


def test_scores_are_the_models_own_at_whole_pixels_and_come_back_after_a_whole_turn(empty: Path) -> None:
    run = next(iter(examples.runs().values()))
    model = model_picker.model_of(run.id, run)
    image = data.load(run.spec["data"]).test.images[0]
    shifted = shift_curves.shifted(model, image, "key", "wrap", "right")
    side = image.shape[1]
    np.testing.assert_array_equal(shifted.shifts * side, (shifted.shifts * side).round())
    assert 0 in shifted.shifts
    place = list(shifted.shifts).index(8 / side)
    moved = Placement(right=8 / side, border="wrap").apply(image)
    expected = model_picker.scorer(model).scores(model.classifier.to_input(model.classifier.fit(moved)[np.newaxis]))[0]
    np.testing.assert_allclose(shifted.scores[place], expected, atol=1e-4)
    # Half a side to the left is half a side to the right.
    np.testing.assert_allclose(shifted.scores[0], shifted.scores[-1], atol=1e-4)


def test_the_page_has_a_curve_for_each_head_and_says_how_many_answers_change(empty: Path) -> None:
    app = opened("CAM", cam_models=list(examples.runs()), cam_shift="true", cam_border="black")
    spec = app.get("plotly_chart")[-1].proto.spec
    assert spec.count('"type":"scatter"') == 2
    assert "Share of shifts that change the answer: **GAP" in words(app)
    assert app.selectbox(key="cam_border").value == "black"
