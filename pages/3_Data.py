"""Data: which images do I train on? Built-in ones, or my own."""

import numpy as np
import streamlit as st

from dashboard.common import controls, thumbnails, visitor
from dashboard.common.page import link, message_of, messages, plain, store
from dashboard.data import edits, own_images
from dashboard.header import header
from dashboard.keras_loading import load_keras_for
from tfpool import data
from tfpool.data.builtin.download import fetch
from tfpool.data.custom import storage
from tfpool.data.custom.scan import Progress
from tfpool.data.custom.source_warnings import untested_classes
from tfpool.data.image_formats import FORMATS
from tfpool.data.registry import find_download
from tfpool.networks import graph
from tfpool.system.format import memory
from tfpool.training import data_in_use
from tfpool.training.recipe import PRETRAINED, WHY_PRETRAINED, start_on

SHOWN = 24
EVERY = "every class"
MAX_SAMPLE = 10**6
TITLES = ("Training", "Validation", "Test")
PART_HELP = (
    "A network learns from the training images, is tested on the validation images after each pass over them, and on "
    "the test images once, at the end."
)

header("Data", "Which images do I train on? Built-in ones, or my own.")

if "data_chosen" in st.session_state:
    st.session_state["data_name"] = st.session_state.pop("data_chosen")


def next_sample() -> None:
    st.session_state["data_draw"] = (st.session_state["data_draw"] + 1) % MAX_SAMPLE


def download(name: str, on_progress: Progress) -> bool:
    fetch(name, on_progress)
    return True


def delete(name: str, is_warned: bool) -> None:
    try:
        visitor.check_change(storage.home() / name)
        data_in_use.remove(name, store(), force=is_warned)
        st.toast(f"{name} was deleted.")
    except ValueError as error:
        st.session_state["data_error"] = error


def numbers(facts: data.Facts) -> None:
    metrics = {f"{part} images": f"{count:,}" for part, count in zip(TITLES, facts.images, strict=True)}
    metrics |= {"Classes": f"{facts.classes:,}", "Image size": graph.text(facts.image_shape)}
    with st.container(horizontal=True):
        for label, value in metrics.items():
            st.metric(label, value, border=True, width=150)


def preview(images: data.DataSet) -> None:
    st.subheader("Examples", anchor=False)
    columns = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        name = controls.one_of("Part", list(data.PARTS), "data_part", help=PART_HELP)
    part = images.parts[name]
    with columns[1]:
        class_name = st.selectbox("Class", [EVERY, *images.class_names], key="data_class", bind="query-params")
    with columns[2]:
        sample = controls.whole_number(
            "Sample", "data", "draw", 0, most=MAX_SAMPLE, least=0, help="Enter another number to see other images."
        )
    columns[3].button("Other images", key="data_others", on_click=next_sample, icon=":material/shuffle:")
    label = None if class_name == EVERY else images.class_names.index(class_name)
    positions = thumbnails.sample_positions(part, label, sample, SHOWN)
    if not len(positions):
        st.info(f"The part {name} has no image of this class. Choose another part or class.")
        return
    names = [images.class_names[part.labels[position]] for position in positions]
    st.image(
        [thumbnails.as_png(part, position) for position in positions],
        caption=[plain(name) for name in names],
        width=thumbnails.TILE,
        alt=[f"{name} image {position + 1}: {label}" for position, label in zip(positions, names, strict=True)],
    )
    if part.boxes is not None:
        st.caption("The frame is the object's bounding box. A good class map is highest within the box.")


def chart(images: data.DataSet) -> None:
    st.subheader("Images per class", anchor=False)
    counts = np.bincount(images.train.labels, minlength=images.classes)
    st.plotly_chart(
        thumbnails.class_bars(images),
        key="data_classes",
        alt=f"Images per class in each part: from {counts.min():,} to {counts.max():,} in train",
    )
    tested = np.bincount(images.test.labels, minlength=images.classes)
    for warning in untested_classes(images.class_names, tested):
        st.caption(plain(warning))


if "data_error" in st.session_state:
    st.error(message_of(st.session_state.pop("data_error")))
left, right = st.columns([3, 2], vertical_alignment="bottom")
with left:
    name = st.selectbox("Data set", data.names(), key="data_name", bind="query-params")
facts = data.describe(name)
if facts.state in ("own", "damaged") and visitor.may_change(storage.home() / name):
    with right.popover("Delete", icon=":material/delete:"):
        st.markdown(f"Delete {plain(name)} from this disk? The original files stay.")
        in_use = ""
        with messages(go_on=True):
            in_use = data_in_use.consequences(data_in_use.runs_on(name, store()))
        if in_use:
            st.warning(plain(in_use))
        st.button(
            f"Delete {plain(name)}", key="data_remove", type="primary", on_click=delete, args=(name, bool(in_use))
        )
if name in data.DATA:
    st.caption(data.DATA[name].summary)
elif facts.title != name:
    st.caption(plain(facts.title))
if facts.state != "damaged":
    numbers(facts)
if facts.is_ready:
    if start_on(facts.images[0]) == PRETRAINED:
        st.caption(f"{facts.images[0]:,} training images {WHY_PRETRAINED}")
    link("Train", "Train on these images", train_data=name)
if facts.state == "to be downloaded":
    file = find_download(name)
    st.info(f"{name} has to be downloaded once: {memory(file.size)} from {plain(file.address)}")
    if not visitor.is_teacher():
        st.caption("Only a teacher can download it, who enters the key at the bottom of the menu.")
    elif st.button("Download", key="data_download", icon=":material/download:") and own_images.run(
        "Downloading", "bytes", lambda on_progress: download(name, on_progress)
    ):
        st.rerun()
else:
    try:
        with st.spinner("Reading the images"):
            load_keras_for(name)
            chosen = data.load(name)
    except ValueError as error:
        st.error(message_of(error))
    else:
        preview(chosen)
        chart(chosen)
        edits.show(chosen)

st.subheader("Add your own images", anchor=False)
st.caption(
    "Use a zip or a folder with one sub-folder per class, named after the class. Folders named like train, validation "
    "and test, around the classes or inside each, are kept as the parts. Where a table of labels, file names or boxes "
    f"say the classes, you are asked. Image formats: {', '.join(FORMATS)}."
)
own_images.add()
