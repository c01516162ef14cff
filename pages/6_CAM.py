"""CAM: where does each model look, in the same image, on one scale?"""

from html import escape

import streamlit as st

from dashboard.cam import downloads, explanations, fidelity_curves, image_picker, model_picker, score_decomposition
from dashboard.cam.explanations import SCALES, Query, View, digest
from dashboard.cam.image_placement import dragged
from dashboard.common import charts, controls
from dashboard.common.controls import SHORT_NAMES
from dashboard.common.page import messages, plain, store
from dashboard.header import header
from tfpool.tracking.query import split_countable, uncountable_text

METHODS = {
    "hirescam": "Exact for GAP and for Flatten: the map's sum plus the bias is the score.",
    "cam": "The class's weights at each position. For linear heads its mean plus the bias is the score.",
    "gradcam": "Channels weighted by their mean gradient; only what speaks for the class.",
    "gradcam++": "As gradcam, but a channel counts for its positive gradients alone, so small parts show as well.",
    "elementwise": "Gradient times activation at each position, channel by channel, where that is positive.",
    "xgradcam": "Channels weighted by their gradient where they are active.",
    "layercam": "Positive gradients times activations at each position.",
    "shapleycam": "As gradcam, corrected for the head's curvature; the same where the head has none.",
    "finercam": "As gradcam, for the score less that of the three classes nearest to it: what tells them apart.",
    "eigencam": "What most channels share, whatever the class; red is more of it.",
    "eigengradcam": "What most channels share, times the gradient of the score.",
    "ablationcam": "Channels weighted by how much of the score is lost without them. Slow.",
    "scorecam": "Channels weighted by the score of the image seen through them alone. Slow.",
    "fullgrad": "What the image and every layer's bias say, for or against, on the image.",
    "occlusion": "How much score is lost where a square hides the image.",
    "rise": "How much more the score is while a place is shown, over 2,000 random masks. Slow.",
    "saliency": "The gradient at the image itself: which pixels would change the score most, up or down.",
    "smoothgrad": "Saliency, averaged over the image with noise.",
    "integrated_gradients": "The gradient on the way from a blank image, times the image.",
}
# Of a map by how many stand beside each other, in pixels of the page.
HEIGHTS = {1: 360, 2: 360, 3: 290, 4: 240}
PREDICTED, TRUE = "what each model predicts", "the true class"
RELU = {"as the method has it": None, "for and against": False, "only what speaks for it": True}

header("CAM", "Where does each model look, in the same image, on one scale?")

with messages():
    runs, unknown = split_countable(store().runs())
    known = model_picker.choices(runs)
if unknown:
    st.caption(plain(uncountable_text(unknown)))
controls.begin_with("cam_models", known, model_picker.defaults(known))
columns = st.columns(2)
with columns[0]:
    names = st.multiselect(
        "Models",
        list(known),
        max_selections=4,
        key="cam_models",
        bind="query-params",
        help="Runs, files in saved_models, and networks with ImageNet weights: squeezenet's are bundled, the others "
        "are downloaded",
    )
with columns[1]:
    said = "  \n".join(f"**{name}**: {text}" for name, text in METHODS.items())
    methods = st.multiselect(
        "Methods",
        list(METHODS),
        [explanations.METHOD],
        max_selections=4,
        key="cam_methods",
        help=said,
        bind="query-params",
    )
if not names or not methods:
    st.info("Choose at least one model and one method.")
    st.stop()
with messages():
    chosen = [model_picker.picked(name, known[name]) for name in names]
    classes = [model.classifier.class_names for model in chosen]
    if len(set(classes)) > 1:
        st.info("These models tell different classes apart. Choose models of one data set.")
        st.stop()
left, right = st.columns([1, 3], gap="medium")
with left, messages():
    image = image_picker.pick(chosen)
    if image is None:
        st.stop()
    placing = dragged(image.pixels, digest(image.pixels), "cam_place", "The image")
    st.markdown(f"{plain(image.name)}  \nDrag it, or enlarge it: maps and scores follow.")

labels = classes[0]
asked = [PREDICTED, *([TRUE] if image.label is not None else []), *labels]
with right:
    columns = st.columns(3)
with columns[0]:
    wanted = st.selectbox("Evidence for", asked, key="cam_target", bind="query-params")
with columns[1]:
    against = st.selectbox(
        "and not for",
        ["–", *asked],
        key="cam_against",
        bind="query-params",
        help="Why the one and not the other: the map of the difference of their scores",
    )
with columns[2]:
    relu = st.selectbox("What is shown", list(RELU), key="cam_relu", bind="query-params")


def class_of(choice: str) -> int | str:
    """A class as an explainer takes it."""
    if choice == PREDICTED:
        return "top"
    return image.label if choice == TRUE and image.label is not None else labels.index(choice)


across = len(methods) if len(methods) > 1 else len(chosen)


def panel(view: View, limit: float) -> None:
    """One map with what its model says."""
    head = f"**{SHORT_NAMES[view.model.run.plan.head.name]}** · " if view.model.run else ""
    method = f"**{view.method}**  \n" if len(methods) > 1 else ""
    wrong = "" if image.label in (None, view.predicted) else " (wrong)"
    st.markdown(f"{method}{head}{plain(view.model.name)}")
    st.markdown(
        f"predicts: **{plain(labels[view.predicted])}**{wrong}  \n"
        f"score {view.predicted_score:,.2f}, {view.probability:.0%}"
    )
    told = f"{labels[view.explained]}" + (f" and not {labels[view.other]}" if view.other is not None else "")
    st.plotly_chart(
        charts.evidence(view.pixels, view.heatmap, limit, f"evidence for {escape(told)}", HEIGHTS[across]),
        key=f"cam_map_{view.model.name}_{view.method}",
        config={"displayModeBar": False},
        alt=f"Map of {view.model.name} by {view.method}: evidence for {told}, {view.score:.2f}",
    )


with right:
    place = st.container()
    columns = st.columns(2, vertical_alignment="bottom")
with columns[0]:
    scale = st.selectbox(
        "One colour scale for",
        list(SCALES),
        format_func=SCALES.__getitem__,
        key="cam_scale",
        bind="query-params",
        help="Maps on one scale can be compared by their colours. Maps by different methods have different units.",
    )
with columns[1]:
    augment = st.toggle(
        "Smooth",
        key="cam_augment",
        bind="query-params",
        help="The mean map over the image and its mirror image, each also a little darker and brighter",
    )

question = Query(class_of(wanted), None if against == "–" else class_of(against), RELU[relu], augment)
with place, messages():
    views = explanations.views(chosen, methods, placing.applied(image.pixels), question)
    limits = explanations.limits(views, scale)
    for start in range(0, len(views), across):
        row = slice(start, start + across)
        for column, view, limit in zip(st.columns(max(2, across)), views[row], limits[row], strict=False):
            with column:
                panel(view, limit)
    layers = ", ".join(sorted({view.layer for view in views}))
    if any(view.other == view.explained for view in views):
        st.info("A class and itself: where both are the same, there is no difference to show.")
    st.caption(
        f"{explanations.colours(methods)} The score is what the last layer says of a class, before softmax makes "
        f"probabilities of all scores (a *logit*). Read at {plain(layers)}. "
        + " ".join(f"{method}: {METHODS[method]}" for method in methods)
    )

with st.container(horizontal=True):
    taken = {"on_click": "ignore", "icon": ":material/download:"}
    st.download_button(
        "Sheet, PNG", lambda: downloads.sheet(views, labels, scale), "maps.png", "image/png", key="cam_sheet", **taken
    )
    st.download_button("Arrays, NPZ", lambda: downloads.arrays(views), "maps.npz", key="cam_arrays", **taken)

titles = {f"{view.model.name} · {view.method}": view for view in views}
if st.toggle("What the map is the sum of", key="cam_sum", bind="query-params"):
    with messages():
        one = (
            st.selectbox("Map", list(titles), key="cam_sum_of", bind="query-params")
            if len(titles) > 1
            else next(iter(titles))
        )
        score_decomposition.show(titles[one], question)
if st.toggle("Can the map be trusted? Hide pixels in its order", key="cam_judge", bind="query-params"):
    with messages():
        fidelity_curves.show(views)
