"""A new data set made of the chosen one on the Data page: with classes renamed or left out, or merged with others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboard.common.page import plain
from dashboard.data import own_images
from tfpool import data
from tfpool.data import DataSet
from tfpool.data.custom.scan import Progress

CLASSES, MERGE = "Rename or leave out classes", "Merge with others"
Make = Callable[[str, Progress, Callable[[Sequence[str]], None]], DataSet]
"""Makes a data set with a name, reports progress, and says what is worth knowing."""


def show(images: DataSet) -> None:
    """Controls in an expander. What is saved is a new data set: the chosen one, and runs on it, stay as they are."""
    if note := st.session_state.pop("data_edit_notes", None):
        st.warning("\n".join(f"- {plain(text)}" for text in note))
    with st.expander("Change this data set"):
        way = st.segmented_control("Change", [CLASSES, MERGE], default=CLASSES, required=True, key="data_edit_way")
        make, size = _classes(images) if way == CLASSES else _merge(images)
        st.caption(
            "This makes a new data set. The old one stays, and so do its runs. To add images, check a zip or a folder "
            "below."
        )
        name = st.text_input("Name of the new data set", key="data_edit_name", max_chars=80)
        if st.button("Save as new", key="data_edit_save", icon=":material/save:", disabled=make is None) and make:
            _save(make, name, size)


def _classes(images: DataSet) -> tuple[Make | None, int]:
    # Text in menus and labels' fields is shown as it is; labels are markdown.
    names = list(images.class_names)
    renamed = st.multiselect("Classes to rename", names, key="data_edit_rename")
    rename = {
        name: st.text_input(f"New name of {plain(name)}", name, key=f"data_edit_new_{images.name}_{name}", max_chars=80)
        for name in renamed
    }
    help = "Their images are left out, too."
    drop = st.multiselect("Classes to leave out", names, key="data_edit_drop", help=help)
    if not renamed and not drop:
        return None, 0

    def make(new_name: str, on_progress: Progress, told: Callable[[Sequence[str]], None]) -> DataSet:
        return data.edit_classes(images.source, new_name, rename, drop, told=told)

    return make, _bytes([images])


def _merge(images: DataSet) -> tuple[Make | None, int]:
    described = [data.describe(name) for name in data.names() if name != images.name]
    fitting = [facts for facts in described if facts.is_ready and facts.image_shape == images.image_shape]
    if not fitting:
        st.info("No other data set has images of this size and kind.")
        return None, 0
    help = "Data sets with images of the same size. Classes of one name become one, and each image stays in its part."
    others = st.multiselect("Data sets", [facts.name for facts in fitting], key="data_edit_others", help=help)
    if not others:
        return None, 0

    def make(new_name: str, on_progress: Progress, told: Callable[[Sequence[str]], None]) -> DataSet:
        return data.merge([images.source, *others], new_name, progress=on_progress, told=told)

    return make, _bytes([images]) + sum(sum(facts.images) for facts in fitting if facts.name in others) * _pixels(
        images
    )


def _pixels(images: DataSet) -> int:
    height, width, channels = images.image_shape
    return height * width * channels


def _bytes(data_sets: Sequence[DataSet]) -> int:
    return sum(part.images.nbytes for images in data_sets for part in images.parts.values())


def _save(make: Make, name: str, size: int) -> None:
    notes: list[str] = []
    made = own_images.save(lambda on_progress: make(name, on_progress, notes.extend), size)
    if made:
        st.session_state["data_chosen"] = made.name
        st.session_state["data_edit_notes"] = notes
        st.toast(f"Saved as {made.name}.")
        st.rerun()
