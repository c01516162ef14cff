"""CAM: where does each model look, in the same image, on one scale?"""

from functools import partial
from html import escape

import streamlit as st

from dashboard.cam import (
    downloads,
    explanations,
    fidelity_curves,
    image_picker,
    model_picker,
    pixel_notes,
    score_decomposition,
)
from dashboard.cam.explanations import Query, View, digest
from dashboard.cam.image_placement import placement_control
from dashboard.common import charts, controls
from dashboard.common.page import messages, plain, store
from dashboard.header import header
from tfpool.cam.attribution.methods import METHODS
from tfpool.cam.figures.color_scales import SCALES
from tfpool.tracking.query import split_countable, uncountable_text

# Height of a map in pixels of the page, by the number of maps per row.
HEIGHTS = {1: 360, 2: 360, 3: 290, 4: 240}
PREDICTED, TRUE = "what each model predicts", "the true class"
RELU = {"method's default": None, "for and against": False, "only what speaks for it": True}

header("CAM", "Where does each model look, in the same image, on one scale?")

with messages():
    runs, unknown = split_countable(store().runs())
    models = model_picker.choices(runs)
if unknown:
    st.caption(plain(uncountable_text(unknown)))
controls.begin_with("cam_models", models, model_picker.defaults(models))
left, right = st.columns(2)
names = left.multiselect(
    "Models",
    list(models),
    max_selections=4,
    key="cam_models",
    bind="query-params",
    help=model_picker.HELP,
)
about = [f"**{name}**: {method.summary} Unit: {method.unit}. Cost: {method.cost}." for name, method in METHODS.items()]
methods = right.multiselect(
    "Methods",
    list(METHODS),
    [explanations.METHOD],
    max_selections=4,
    key="cam_methods",
    help="  \n".join(about),
    bind="query-params",
)
if not names or not methods:
    st.info("Nothing to explain yet. Choose at least one model and one method.")
    st.stop()
with messages():
    chosen = [model_picker.model_of(name, models[name]) for name in names]
    classes = [model.classifier.class_names for model in chosen]
    if len(set(classes)) > 1:
        st.info("These models have different classes. Choose models of one data set.")
        st.stop()
left, right = st.columns([1, 3], gap="medium")
with left, messages():
    image = image_picker.pick_image(chosen)
    if image is None:
        st.stop()
    placement = placement_control(image.pixels, digest(image.pixels), "cam_place", "The image")
    st.markdown(f"{plain(image.name)}  \nDrag or enlarge the image: maps and scores follow.")

labels = classes[0]
targets = [PREDICTED, *([TRUE] if image.label is not None else []), *labels]
columns = right.columns(3)
target = columns[0].selectbox("Explained class", targets, key="cam_target", bind="query-params")
other = columns[1].selectbox(
    "Contrast with",
    ["–", *targets],
    key="cam_against",
    bind="query-params",
    help="Choose a second class to see why the model prefers one of the two: the map explains the difference of their "
    "scores",
)
relu = columns[2].selectbox("Show", list(RELU), key="cam_relu", bind="query-params")


def class_of(choice: str) -> int | str:
    """A class as an explainer takes it."""
    if choice == PREDICTED:
        return "top"
    return image.label if choice == TRUE and image.label is not None else labels.index(choice)


across = len(methods) if len(methods) > 1 else len(chosen)


def panel(view: View, limit: float) -> None:
    """One map with its model's prediction."""
    head = f"**{view.model.run.plan.head.label}** · " if view.model.run else ""
    method = f"**{view.method}**  \n" if len(methods) > 1 else ""
    wrong = "" if image.label in (None, view.predicted) else " (wrong)"
    st.markdown(f"{method}{head}{plain(view.model.name)}")
    st.markdown(f"predicts: **{plain(labels[view.predicted])}**{wrong}  \n{view.answer}")
    other_name = view.other_name(labels)
    explained = labels[view.explained] + (f" rather than {other_name}" if other_name is not None else "")
    st.plotly_chart(
        charts.evidence(view.pixels, view.heatmap, limit, f"evidence for {escape(explained)}", HEIGHTS[across]),
        key=f"cam_map_{view.model.name}_{view.method}",
        config={"displayModeBar": False},
        alt=f"Map of {view.model.name} by {view.method}: evidence for {explained}, {view.score:.2f}",
    )
    for note in view.notes:
        st.caption(plain(note))


place = right.container()
columns = right.columns(2, vertical_alignment="bottom")
scales = {sharing.page_key: name for name, sharing in SCALES.items()}
page_key = columns[0].selectbox(
    "One color scale for",
    list(scales),
    format_func=lambda key: SCALES[scales[key]].label,
    key="cam_scale",
    bind="query-params",
    help="Maps on one scale can be compared by their colors. Maps by different methods have different units.",
)
augment = columns[1].toggle(
    "Smooth",
    key="cam_augment",
    bind="query-params",
    help="Average the maps of the image and its mirror image, each also a little darker and brighter",
)

scale = scales[page_key]
query = Query(class_of(target), None if other == "–" else class_of(other), RELU[relu], augment)
with place, messages():
    views = explanations.views(chosen, methods, placement.apply(image.pixels), query)
    limits = explanations.limits(views, scale)
    for start in range(0, len(views), across):
        row = slice(start, start + across)
        for column, view, limit in zip(st.columns(max(2, across)), views[row], limits[row], strict=False):
            with column:
                panel(view, limit)
    layers = ", ".join(sorted({view.layer for view in views}))
    if any(view.other == view.explained for view in views):
        st.info("Both classes are the same, so there is no difference to show. Choose another class to contrast with.")
    st.caption(
        f"{explanations.color_sentence(methods)} A class's score (*logit*) is the last layer's output before softmax "
        f"turns all scores into probabilities. Feature layer: {plain(layers)}. "
        + " ".join(f"{method}: {METHODS[method].summary}" for method in methods)
    )
    pixel_notes.show(chosen, image.pixels)

with st.container(horizontal=True):
    download = {"on_click": "ignore", "icon": ":material/download:"}
    as_sheet = partial(downloads.sheet, views, labels, scale)
    st.download_button("Sheet, PNG", as_sheet, "maps.png", "image/png", key="cam_sheet", **download)
    st.download_button("Arrays, NPZ", partial(downloads.arrays, views), "maps.npz", key="cam_arrays", **download)

titles = {f"{view.model.name} · {view.method}": view for view in views}
if st.toggle("Break the score down", key="cam_sum", bind="query-params"):
    with messages():
        title = next(iter(titles))
        if len(titles) > 1:
            title = st.selectbox("Map", list(titles), key="cam_sum_of", bind="query-params")
        score_decomposition.show(titles[title], query)
if st.toggle("Test the map: hide pixels in its order", key="cam_judge", bind="query-params"):
    with messages():
        fidelity_curves.show(views)
