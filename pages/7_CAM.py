"""CAM: where does each model look, in the same image, on one scale?"""

from functools import partial

import streamlit as st

from dashboard.cam import (
    downloads,
    explanations,
    fidelity_curves,
    image_picker,
    many_images,
    map_panel,
    map_swipe,
    model_picker,
    model_upload,
    pixel_notes,
    score_decomposition,
    shift_curves,
    starting_points,
)
from dashboard.cam.explanations import NO_CONTRAST, PREDICTED, TRUE, Query, digest
from dashboard.cam.image_placement import border_control, placement_control
from dashboard.common import controls
from dashboard.common.page import messages, plain
from dashboard.header import header
from tfpool.cam.attribution.methods import METHODS
from tfpool.cam.figures.color_scales import SCALES, Choice

RELU = {"method's default": None, "for and against": False, "only what speaks for it": True}

header(
    "CAM",
    "Where in an image does each model find evidence for a class? A **class activation map (CAM)** shows it. Compare "
    "the maps of several models on one color scale.",
)

stored = model_picker.offered()
# In this order on a phone, where columns stand below each other: first the answer, then the controls.
answer, settings = st.columns([3, 1], gap="medium")
with settings:
    starting_points.show(stored)
# Each at a place of its own: a note on loading above it would draw the image anew, while somebody drags it. The image
# stands first, so that it is above the fold.
frame, pickers = settings.container(), settings.container()
with pickers, messages():
    chosen_models, upload = st.container(), st.container()
    with upload:
        own, models = model_upload.offer(
            "cam", "cam_models", stored, answer, lambda name: st.session_state.update(cam_models=[name])
        )
    controls.begin_with("cam_models", models, own or model_picker.defaults(stored))
    names = chosen_models.multiselect(
        "Models",
        list(models),
        max_selections=4,
        key="cam_models",
        bind="query-params",
        help=model_picker.HELP,
    )
    about = [f"**{name}**: {row.summary} Unit: {row.unit}. Cost: {row.cost}." for name, row in METHODS.items()]
    methods = st.multiselect(
        "Methods",
        list(METHODS),
        [explanations.METHOD],
        max_selections=4,
        key="cam_methods",
        help="  \n".join(about),
        bind="query-params",
    )
    if not names or not methods:
        answer.info("Nothing to explain yet. Choose at least one model and one method.")
        st.stop()
    chosen = [model_picker.model_of(name, models[name]) for name in names]
    classes = [model.classifier.class_names for model in chosen]
    if len(set(classes)) > 1:
        answer.info("These models have different classes. Choose models of one data set.")
        st.stop()
    image = image_picker.pick_image(chosen)
    if image is None:
        answer.info(image_picker.NO_IMAGE)
        st.stop()
across = len(methods) if len(methods) > 1 else len(chosen)
with frame, messages():
    place = st.container()
    border = border_control(image.pixels, "cam_border")
    with place:
        placement = placement_control(
            image.pixels, digest(image.pixels), "cam_place", "The image", border, map_panel.INPUT_SIDES[across]
        )
        st.markdown(f"{plain(image.name)}  \nDrag or enlarge the image: maps and scores follow.")

labels = classes[0]
targets = [PREDICTED, *([TRUE] if image.label is not None else []), *labels]
maps = answer.container()
columns = answer.columns(3)
target = columns[0].selectbox("Explained class", targets, key="cam_target", bind="query-params")
other = columns[1].selectbox(
    "Contrast with",
    [NO_CONTRAST, *targets],
    key="cam_against",
    bind="query-params",
    help="Choose a second class to see why the model prefers one of the two: the map explains the difference of their "
    "scores",
)
relu = columns[2].selectbox("Show", list(RELU), key="cam_relu", bind="query-params")
columns = answer.columns(2, vertical_alignment="bottom")
scales = {explanations.AUTOMATIC: "", **{sharing.page_key: name for name, sharing in SCALES.items()}}
page_key = columns[0].selectbox(
    "One color scale for",
    list(scales),
    format_func=lambda key: SCALES[scales[key]].label if scales[key] else explanations.AUTOMATIC_LABEL,
    key="cam_scale",
    bind="query-params",
    help="Maps on one scale can be compared by their colors. Maps by different methods have different units. If the "
    "values of one map are far smaller, it would be blank: by default, each map then has its own scale.",
)
augment = columns[1].toggle(
    "Smooth",
    key="cam_augment",
    bind="query-params",
    help="Average the maps of the image and its mirror image, each also a little darker and brighter",
)


def class_of(choice: str) -> int | str:
    """A class as an explainer takes it."""
    if choice == PREDICTED:
        return "top"
    return image.label if choice == TRUE and image.label is not None else labels.index(choice)


query = Query(class_of(target), None if other == NO_CONTRAST else class_of(other), RELU[relu], augment)
with maps, messages():
    views = explanations.views(chosen, methods, placement.apply(image.pixels), query)
    scale = Choice(scales[page_key], "") if scales[page_key] else explanations.chosen_scale(views, "column")
    limits = explanations.limits(views, scale.scale)
    names_class = len({view.explained for view in views}) > 1
    for start in range(0, len(views), across):
        row = slice(start, start + across)
        for column, view, limit in zip(st.columns(across), views[row], limits[row], strict=True):
            with column:
                map_panel.show(view, limit, labels, image.label, across, len(methods) > 1, names_class)
    if scale.note:
        st.caption(f"{scale.note} {SCALES[scale.scale].sentence}.")
    if any(view.other == view.explained for view in views):
        st.info("Both classes are the same, so there is no difference to show. Choose another class to contrast with.")

with answer, messages():
    layers = ", ".join(sorted({view.layer for view in views}))
    # The mean of a map on Home, the sum of one here: the same score.
    after_gap = " After GAP, the gradient is the head's weight, already divided by the number of cells."
    st.caption(
        f"{explanations.color_sentence(methods)} A class's score (*logit*) is the last layer's output before softmax "
        f"turns all scores into probabilities. Feature layer: {plain(layers)}. "
        + " ".join(f"{method}: {METHODS[method].summary}" for method in methods)
        + (after_gap if "hirescam" in methods else "")
    )
    pixel_notes.show(chosen, image.pixels)

    with st.container(horizontal=True):
        download = {"on_click": "ignore", "icon": ":material/download:"}
        as_sheet = partial(downloads.sheet, views, labels, scale)
        help = "All maps of this page in one PNG file"
        st.download_button(
            "Download as a picture", as_sheet, "maps.png", "image/png", key="cam_sheet", help=help, **download
        )
        as_numbers = partial(downloads.arrays, views)
        help = "Each model's image and maps as NumPy arrays, in one .npz file"
        st.download_button("Download as numbers", as_numbers, "maps.npz", key="cam_arrays", help=help, **download)

    titles = {f"{view.model.name} · {view.method}": view for view in views}
    if st.toggle("Swipe between two maps", key="cam_swipe", bind="query-params"):
        map_swipe.show(titles, placement.apply(image.pixels), query, labels)
    if st.toggle("Break the score down", key="cam_sum", bind="query-params"):
        title = next(iter(titles))
        if len(titles) > 1:
            title = st.selectbox("Map", list(titles), key="cam_sum_of", bind="query-params")
        score_decomposition.show(titles[title], query)
    if st.toggle("Shift the image, and see which answers change", key="cam_shift", bind="query-params"):
        shift_curves.show(views, image.pixels, border, labels)
    if st.toggle("Test the map: hide pixels in its order", key="cam_judge", bind="query-params"):
        fidelity_curves.show(views)
    if st.toggle("Classify many images", key="cam_many", bind="query-params"):
        many_images.show(chosen)
