"""Data: which images do I train on? Bundled, or mine."""

import numpy as np
import streamlit as st

from dashboard.common import controls, thumbnails
from dashboard.common.page import link, plain
from dashboard.data import own_images
from dashboard.header import header
from dashboard.keras_loading import load_keras_for
from tfpool import data
from tfpool.data.builtin.download import fetch
from tfpool.data.custom.scan import Progress
from tfpool.data.images import FORMATS
from tfpool.data.registry import find_download
from tfpool.networks import graph
from tfpool.system.format import memory
from tfpool.training.recipe import PRETRAINED, WHY_PRETRAINED, start_on

SHOWN = 24
EVERY = "every class"
MOST_DRAWS = 10**6
TITLES = ("Training", "Validation", "Test")
PART_MEANS = (
    "A network learns from the training images. It is tried on the validation images after each pass over them, and on "
    "the test images once, at the end: an honest measure, since nothing was chosen by them"
)

header("Data", "Which images do I train on? Bundled, or mine.")

if "data_chosen" in st.session_state:
    st.session_state["data_name"] = st.session_state.pop("data_chosen")


def another() -> None:
    st.session_state["data_draw"] = (st.session_state["data_draw"] + 1) % MOST_DRAWS


def download(name: str, progress: Progress) -> bool:
    fetch(name, progress)
    return True


def remove(name: str) -> None:
    try:
        data.remove(name)
        st.toast(f"{name} was removed.")
    except ValueError as error:
        st.session_state["data_error"] = str(error)


def numbers(facts: data.Facts) -> None:
    told = {f"{part} images": f"{count:,}" for part, count in zip(TITLES, facts.images, strict=True)}
    told |= {"Classes": f"{facts.classes:,}", "Each image": graph.text(facts.image_shape)}
    with st.container(horizontal=True):
        for label, value in told.items():
            st.metric(label, value, border=True, width=150)


def preview(images: data.DataSet) -> None:
    st.subheader("Some of them", anchor=False)
    columns = st.columns([3, 3, 2, 2], vertical_alignment="bottom")
    with columns[0]:
        name = st.segmented_control(
            "Part",
            list(data.PARTS),
            default="train",
            required=True,
            key="data_part",
            bind="query-params",
            help=PART_MEANS,
        )
    part = images.parts[name]
    with columns[1]:
        wanted = st.selectbox("Class", [EVERY, *images.class_names], key="data_class", bind="query-params")
    with columns[2]:
        draw = controls.whole_number(
            "Draw", "data", "draw", 0, most=MOST_DRAWS, least=0, help="Another number, other images"
        )
    columns[3].button("Others", key="data_others", on_click=another, icon=":material/shuffle:")
    label = None if wanted == EVERY else images.class_names.index(wanted)
    shown = thumbnails.drawn(part, label, draw, SHOWN)
    if not len(shown):
        st.info(f"There is no image of this class in {name}. Choose another part.")
        return
    names = [images.class_names[part.labels[position]] for position in shown]
    st.image(
        [thumbnails.as_png(part, position) for position in shown],
        caption=[plain(each) for each in names],
        width=thumbnails.TILE,
        alt=[f"{name} image {position + 1}: {each}" for position, each in zip(shown, names, strict=True)],
    )
    if part.boxes is not None:
        st.caption("The frame is the object's box, which is known exactly: for asking whether a map finds it.")


def chart(images: data.DataSet) -> None:
    st.subheader("Images of each class", anchor=False)
    counts = np.bincount(images.train.labels, minlength=images.classes)
    st.plotly_chart(
        thumbnails.class_bars(images),
        key="data_classes",
        alt=f"Images of each class by part: in train from {counts.min():,} to {counts.max():,} per class",
    )


if "data_error" in st.session_state:
    st.error(plain(st.session_state.pop("data_error")))
left, right = st.columns([3, 2], vertical_alignment="bottom")
with left:
    name = st.selectbox("Data set", data.names(), key="data_name", bind="query-params")
facts = data.describe(name)
if facts.state in ("own", "damaged"):
    with right.popover("Remove", icon=":material/delete:"):
        st.markdown(f"Delete the images of {plain(name)} from this disk? The files that they were made from stay.")
        st.button("Yes, remove", key="data_remove", type="primary", on_click=remove, args=(name,))
if name in data.DATA:
    st.caption(data.DATA[name].summary)
elif facts.title != name:
    st.caption(plain(facts.title))
if facts.state != "damaged":
    numbers(facts)
if facts.is_ready:
    if start_on(facts.images[0]) == PRETRAINED:
        st.caption(f"{facts.images[0]:,} training images {WHY_PRETRAINED}")
    link("Train", "Train on it", train_data=name)
if facts.state == "to be downloaded":
    file = find_download(name)
    st.info(f"{name} is not here yet. It is downloaded once, {memory(file.size)} from {plain(file.address)}")
    if st.button("Download", key="data_download", icon=":material/download:") and own_images.run(
        "Downloading", "bytes", lambda progress: download(name, progress)
    ):
        st.rerun()
else:
    try:
        with st.spinner("Reading the images"):
            load_keras_for(name)
            chosen = data.load(name)
    except ValueError as error:
        st.error(plain(str(error)))
    else:
        preview(chosen)
        chart(chosen)

st.subheader("Add my own", anchor=False)
st.caption(
    "A zip or a folder with one sub-folder for each class, named like the class. Folders called train, validation and "
    f"test around them are kept as the parts. {', '.join(FORMATS)}."
)
own_images.add()
