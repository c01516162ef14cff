"""Where the page can start: a photograph and SqueezeNet, the two runs that ship, or one's own newest runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import NO_CONTRAST, PREDICTED
from dashboard.cam.image_picker import ALL_IMAGES, ANY_CLASS, PHOTOGRAPHS, TEST
from tfpool import examples
from tfpool.tracking.store import Run


class StartingPoint(NamedTuple):
    """A button, what it shows, and the values of the page's controls by their keys."""

    label: str
    help: str
    values: dict[str, Any]


CAT = StartingPoint(
    "A cat, 1,000 classes",
    "SqueezeNet, trained on photographs (ImageNet), looks at a cat",
    {"cam_models": [model_picker.NETWORK], "cam_source": PHOTOGRAPHS, "cam_photograph": "cat"},
)
# Both predict the class of the first ankle boot, and one sees at once what is in the picture.
PAIR = StartingPoint(
    "Two heads: GAP and Flatten",
    "The two runs that ship: one network, trained twice on clothes, with another head each time",
    {"cam_models": list(examples.runs()), "cam_source": TEST, "cam_class": "Ankle boot"},
)
_DEFAULTS = {"cam_target": PREDICTED, "cam_against": NO_CONTRAST, "cam_which": ALL_IMAGES, "cam_number": 1}
"""Controls whose values make no sense with other models."""


def starting_points(models: Mapping[str, Run | None]) -> list[StartingPoint]:
    """One's own newest runs first, if there are any: the page opens with the first starting point."""
    own = model_picker.newest_runs(models)
    values = {"cam_models": own, "cam_source": TEST, "cam_class": ANY_CLASS}
    mine = StartingPoint("My newest runs", "The newest runs with GAP and with Flatten on one data set", values)
    return [*([mine] if own else []), CAT, PAIR]


def show(models: Mapping[str, Run | None]) -> None:
    """A button for each starting point, and the first one chosen unless the address names other models."""
    points = starting_points(models)
    with st.container(horizontal=True, gap="small"):
        for number, point in enumerate(points):
            st.button(point.label, key=f"cam_start_{number}", help=point.help, on_click=_go, args=(point.values,))


def _go(values: Mapping[str, Any]) -> None:
    defaults = {key: value for key, value in _DEFAULTS.items() if key in st.session_state}
    for key, value in {**defaults, **values}.items():
        if key not in st.session_state:
            # Streamlit writes only changes of controls that are on the page already.
            st.query_params[key] = value
        st.session_state[key] = value
