"""What a map is drawn with: its color scale, maps that say next to nothing, and the likeliest classes."""

from typing import Any

import numpy as np
import pytest
import streamlit as st

from dashboard.cam import explanations, likely_classes
from dashboard.cam.explanations import View
from dashboard.cam.model_picker import Model
from tfpool.cam.figures.color_scales import FAINT, spread_of

SPREAD = 20.0


def view(largest: float, method: str = "hirescam", name: str = "one") -> View:
    """A view whose largest absolute value is that, of scores that are `SPREAD` apart."""
    heatmap = np.array([[0.0, -largest], [0.5 * largest, 0.0]], np.float32)
    known: dict[str, Any] = {"predicted": 0, "predicted_score": 9.0, "probability": 0.9, "explained": 0, "score": 9.0}
    empty = {"explained_probability": 0.9, "other": None, "layer": "last", "unit": "score", "of": "logit", "notes": ()}
    spread = spread_of(method, np.array([-0.5 * SPREAD, 0.0, 0.5 * SPREAD]))
    pixels = np.zeros((2, 2, 1), np.uint8)
    model = Model(name, None, name, ())
    return View(model, method, pixels, **known, **empty, raw=heatmap, heatmap=heatmap, spread=spread, likeliest=())


def test_a_map_below_a_thousandth_of_the_spread_says_next_to_nothing_and_is_not_painted_in_full_color() -> None:
    faint, clear = view(0.9 * FAINT * SPREAD), view(1.1 * FAINT * SPREAD)
    assert faint.is_faint
    assert not clear.is_faint
    limit, other = explanations.limits([faint, clear], "own")
    assert limit == SPREAD
    assert other == pytest.approx(1.1 * FAINT * SPREAD)


def test_a_shared_scale_stays_one_scale_and_is_that_of_the_scores_if_all_maps_are_faint() -> None:
    assert explanations.limits([view(1e-12), view(2.0, name="two")], "sheet") == [2.0, 2.0]
    assert explanations.limits([view(1e-12), view(1e-11, name="two")], "sheet") == [SPREAD, SPREAD]


def test_a_model_whose_scores_are_far_larger_leaves_no_other_map_blank() -> None:
    large, small = view(1025.0), view(62.0, name="two")
    choice = explanations.chosen_scale([large, small], "column")
    assert choice.scale == "own"
    assert "from 62 to 1,025" in choice.note
    assert explanations.limits([large, small], choice.scale) == [1025.0, 62.0]
    assert explanations.chosen_scale([large, view(200.0, name="two")], "column") == ("column", "")


@pytest.mark.parametrize("method", ["saliency", "eigencam", "integrated_gradients"])
def test_maps_in_another_unit_or_of_pixels_may_have_small_values(method: str) -> None:
    assert not view(1e-9, method).is_faint


@pytest.mark.parametrize(
    ("probability", "text"), [(0.368, "37 %"), (1.0, "100 %"), (0.0412, "4.1 %"), (0.00099, "<0.1 %"), (0.0, "0 %")]
)
def test_a_probability_is_a_short_text(probability: float, text: str) -> None:
    assert likely_classes.percentage(probability) == text


@pytest.mark.parametrize(("sent", "explained"), [(1, "tabby"), (2, None), (-1, None), ("1", None), (None, None)])
def test_what_a_browser_sends_is_a_class_or_nothing(
    sent: object, explained: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    state: dict[str, Any] = {"rows": {"chosen": sent}}
    monkeypatch.setattr(st, "session_state", state)
    likely_classes.explain_chosen("rows", ("lynx", "tabby"))
    assert state.get("cam_target") == explained
