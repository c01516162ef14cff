"""One image through training: the class maps of a few test images after each epoch, a row per run."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cam.image_placement import data_url
from dashboard.common import charts, packed_maps
from dashboard.common.background_work import run_in_background
from dashboard.common.page import message_of, plain
from dashboard.components import component
from dashboard.keras_loading import load_keras_for
from tfpool.cam.figures.color_scales import shared_scales
from tfpool.tracking import results, training_maps
from tfpool.tracking.run import Run
from tfpool.tracking.run_data import load_data
from tfpool.tracking.training_maps import TrainingMaps

_MOST_EPOCHS = 40
"""Of more epochs, every second, third … and the newest are shown."""
_CAPTION = (
    "Each row is a run. Each map shows where the run finds evidence for the true class of the image after an epoch: "
    "red speaks for the class, blue against it. The strongest evidence in a row has full color."
)
_component = component("map_strips", "shared_maps", "shared_class_maps")


def show(runs: Sequence[Run]) -> None:
    """Show the maps that the runs have kept, those of one data set in one component; nothing without any."""
    try:
        kept = {run.id: training_maps.read(training_maps.path(run)) for run in runs}
    except ValueError as error:
        st.caption(message_of(error))
        return
    names = dict(zip((run.id for run in runs), charts.curve_names(runs), strict=True))
    by_data: dict[tuple[Any, ...], list[Run]] = {}
    for run in runs:
        maps = kept[run.id]
        if maps is not None:
            by_data.setdefault((run.spec["data"], *maps.images), []).append(run)
    if not by_data:
        return
    st.subheader("One image through training", anchor=False)
    st.caption(_CAPTION)
    for number, of_data in enumerate(by_data.values()):
        if len(by_data) > 1:
            st.markdown(f"**{plain(results.data_name(of_data[0]))}**")
        shown = [(names[run.id], maps) for run in of_data if (maps := kept[run.id]) is not None]
        _show(of_data[0], shown, f"runs_maps_{number}")
    missing = [run.id for run in runs if kept[run.id] is None and run.history["loss"]]
    if missing:
        st.caption(f"No class maps were kept of {', '.join(missing)}.")


def _show(run: Run, shown: Sequence[tuple[str, TrainingMaps]], key: str) -> None:
    place, images = st.empty(), tuple(shown[0][1].images.tolist())
    work = partial(_pictures, run, f"{run.path} {run.created}", images)
    try:
        pictures = run_in_background(work, lambda seconds: place.caption(f"Loading the images: {seconds:.0f} s"))
    except ValueError as error:
        st.caption(message_of(error))
        return
    place.empty()
    # A text only: of other types Streamlit would find out first whether they are tables.
    _component(data={"content": json.dumps(content(shown, pictures, run.spec["class_names"]))}, key=key)


@st.cache_data(max_entries=64, show_spinner=False)
def _pictures(_run: Run, key: str, images: tuple[int, ...]) -> list[tuple[str, tuple[int, int]]]:
    """Test images of a run, with what names it as the cache's key, as PNG files in text, and their height and width."""
    load_keras_for(_run.spec["data"])
    test = load_data(_run).test
    return [(data_url(test.images[position]), test.images.shape[1:3]) for position in images]


def content(
    shown: Sequence[tuple[str, TrainingMaps]], pictures: Sequence[tuple[str, tuple[int, int]]], names: Sequence[str]
) -> dict[str, Any]:
    """What the browser gets: names of runs and their maps, as int8 of the strongest in the row."""
    all_epochs = sorted({int(epoch) for _, maps in shown for epoch in maps.epochs})
    stride = -(-len(all_epochs) // _MOST_EPOCHS)
    rows = [_row(name, maps, stride) for name, maps in shown]
    first = shown[0][1]
    predicted = {number for row in rows for numbers in row["predicted"] for number in numbers}
    return {
        "epochs": sorted({epoch for row in rows for epoch in row["epochs"]}),
        "paint": packed_maps.paint_table(),
        "names": {number: names[number] for number in predicted},
        "images": [
            {"picture": picture, "size": size, "position": position, "number": number, "name": names[number]}
            for (picture, size), position, number in zip(
                pictures, first.images.tolist(), first.classes.tolist(), strict=True
            )
        ],
        "rows": rows,
    }


def _row(name: str, maps: TrainingMaps, stride: int) -> dict[str, Any]:
    places = [place for place, epoch in enumerate(maps.epochs) if (epoch - 1) % stride == 0]
    places = sorted({*places, len(maps.epochs) - 1})
    by_image = np.moveaxis(maps.maps, 1, 0)
    # One scale for all epochs of an image, of those that are left out as well.
    limits = [scales[0].limit or 1.0 for scales in shared_scales([list(of_image) for of_image in by_image], "row")]
    return {
        "name": name,
        "epochs": maps.epochs[places].tolist(),
        "maps": [packed_maps.packed(of_image[places], limit) for of_image, limit in zip(by_image, limits, strict=True)],
        "scores": [[round(float(score), 4) for score in scores] for scores in maps.scores[places]],
        "predicted": maps.predicted[places].tolist(),
    }
