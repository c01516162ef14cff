"""Where images are saved to on the Data page: as a new data set, or with those of another one as a new data set."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import IO, Any

import streamlit as st

from dashboard.common.page import plain
from tfpool import data
from tfpool.data import DataSet, Report
from tfpool.data.custom.add import MAX_SIDE, MIN_SIDE
from tfpool.data.custom.scan import Progress

_NEW = "a new data set"
_TARGET_HELP = "Add the images to another data set: both together become a new one."
_SPLITS = {"70 / 15 / 15": (70, 15, 15), "80 / 10 / 10": (80, 10, 10), "60 / 20 / 20": (60, 20, 20)}
_SPLIT_HELP = (
    "Percentages of the images for training, validation and test. Images in folders with these names stay there."
)
_PAD_HELP = (
    "Cropping loses what is at two ends of a photo; padding makes everything smaller. Images that a model trained on "
    "this data set is used on are treated alike."
)
_NEAR_HELP = "Pictures that are nearly equal, such as frames of a film, stay in one part of the split."
Source = IO[bytes] | str
Make = Callable[[Progress], DataSet]
Told = Callable[[Report], None]


def choose(source: Source, options: Mapping[str, Any], count: int, told: Told) -> tuple[Make, int]:
    """Controls of the data set that so many images become; what makes it, and its size in bytes.

    `options` are those of `data.add` about the files; `told` gets the report.
    """
    own = [name for name in data.names() if data.describe(name).state == "own"]
    # A menu shows text as it is.
    target = st.selectbox("Add to", [_NEW, *own], key="data_target", help=_TARGET_HELP) if own else _NEW
    if target == _NEW:
        return _new(source, options, count, told)
    return _extended(source, options, count, told, target)


def _new(source: Source, options: Mapping[str, Any], count: int, told: Told) -> tuple[Make, int]:
    columns = st.columns([3, 1, 2, 1], vertical_alignment="bottom")
    name = columns[0].text_input("Name", key="data_new_name", max_chars=80, placeholder="My photos")
    side = int(columns[1].number_input("Side, pixels", MIN_SIDE, MAX_SIDE, 64, key="data_new_size"))
    split = columns[2].selectbox("Split, %", list(_SPLITS), key="data_new_split", help=_SPLIT_HELP)
    seed_help = "Random seed of the split: enter another number to split the images differently."
    seed = int(columns[3].number_input("Seed", 0, 2**31 - 1, 0, key="data_new_seed", help=seed_help))
    with st.container(horizontal=True):
        channels = 1 if st.toggle("Gray images, one channel", key="data_new_grey") else 3
        pads = st.toggle("Pad instead of crop", key="data_new_pad", help=_PAD_HELP)
        near = st.toggle("Keep near duplicates together", True, key="data_new_near", help=_NEAR_HELP)
    how = "padded with black" if pads else "cropped"
    st.caption(f"Images are turned upright, {how} to a square and resized. The original files do not change.")
    further = {"pad_to_aspect_ratio": pads, "near_duplicates": near, "told": told, **options}

    def make(on_progress: Progress) -> DataSet:
        return data.add(source, name, side, channels, _SPLITS[split], seed, progress=on_progress, **further)

    return make, count * side**2 * channels


def _extended(source: Source, options: Mapping[str, Any], count: int, told: Told, target: str) -> tuple[Make, int]:
    name = st.text_input("Name of the new data set", key="data_more_name", max_chars=80)
    text = f"Images are read and split as those of {plain(target)} were. This makes a new data set; {plain(target)}"
    st.caption(f"{text} and its runs stay as they are.")
    further = {name: options[name] for name in ("reading", "encoding") if name in options}

    def make(on_progress: Progress) -> DataSet:
        return data.extend(target, source, name, progress=on_progress, told=told, **further)

    facts = data.describe(target)
    return make, (count + sum(facts.images)) * math.prod(facts.image_shape)
