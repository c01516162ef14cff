"""CAM: where does each model look, in the same image, on one scale?"""

from html import escape

import numpy as np
import streamlit as st

from dashboard import charts, explaining
from dashboard.choices import SHORT_NAMES
from dashboard.page import header, link, messages, plain, store
from tfpool import data
from tfpool.data.images import FORMATS, read_image

METHODS = {
    "hirescam": "Exact for GAP and for Flatten: the map's sum plus the bias is the score.",
    "cam": "The class's weights at each position. For GAP and Flatten its mean plus the bias is the score.",
    "gradcam": "Channels weighted by their mean gradient; only what speaks for the class.",
    "gradcam++": "As gradcam, but a channel counts for its positive gradients alone, so small parts show as well.",
    "elementwise": "Gradient times activation at each position, channel by channel, where that is positive.",
    "xgradcam": "Channels weighted by their gradient where they are active.",
    "layercam": "Positive gradients times activations at each position.",
    "shapleycam": "As gradcam, corrected for the head's curvature; the same where the head has none.",
    "finercam": "As gradcam, for the score less that of the three classes nearest to it: what tells them apart.",
    "eigencam": "What most channels share, whatever the class.",
    "eigengradcam": "What most channels share, times the gradient of the score.",
    "ablationcam": "Channels weighted by how much of the score is lost without them. Slow.",
    "scorecam": "Channels weighted by the score of the image seen through them alone. Slow.",
}

header("CAM", "Where does each model look, in the same image, on one scale?")

with messages():
    runs = [run for run in store().runs() if run.model_path.exists()]
if not runs:
    st.info("There is no trained model yet in saved_models. Train two heads first.")
    link("Train", "Go to Train")
    st.stop()


def newest(head: str) -> list[str]:
    """The newest run of that head on the images of the newest run of all, finished ones first."""
    alike = [run for run in runs if run.spec["data"] == runs[0].spec["data"]]
    alike.sort(key=lambda run: run.state != "done")
    return [run.id for run in alike if run.plan.head.name == head][:1]


columns = st.columns([3, 3])
with columns[0]:
    ids = [run.id for run in runs]
    default = newest("gap") + newest("flatten") or ids[:1]
    chosen = st.multiselect("Models", ids, default, max_selections=4, key="cam_models", bind="query-params")
with columns[1]:
    said = "  \n".join(f"**{name}**: {text}" for name, text in METHODS.items())
    method = st.selectbox("Method", list(METHODS), key="cam_method", help=said, bind="query-params")
picked = [run for run in runs if run.id in chosen]
picked.sort(key=lambda run: chosen.index(run.id))
if not picked:
    st.info("Choose at least one model.")
    st.stop()
if len({(run.spec["data"], run.plan.input_shape) for run in picked}) > 1:
    st.info("These models were trained on different images. Choose models of one data set.")
    st.stop()

with messages():
    images = data.load(picked[0].spec["data"])
names = images.class_names
columns = st.columns([2, 2, 3], vertical_alignment="bottom")
with columns[0]:
    wanted = st.selectbox("Test images of", ["any class", *names], key="cam_class", bind="query-params")
where = np.arange(len(images.test))
if wanted != "any class":
    where = np.flatnonzero(images.test.labels == names.index(wanted))
with columns[1]:
    number = st.number_input("Image number", 1, len(where), 1, key="cam_number", bind="query-params")
with columns[2]:
    explained = st.selectbox(
        "Evidence for",
        ["what each model predicts", *names],
        key="cam_target",
        help="The class whose map is shown",
        bind="query-params",
    )
with st.expander("Or an image of your own"):
    st.caption("Its middle is cut out and shrunk to the size of the images that the models were trained on.")
    upload = st.file_uploader("Image file", [name.lower() for name in (*FORMATS, "jpg")], key="cam_upload")

with messages():
    if upload:
        pixels = read_image(upload, images.image_shape, name=upload.name)
        truth, source = "your image", plain(upload.name)
    else:
        pixels = images.test.images[where[number - 1]]
        truth, source = (
            f"it is: **{plain(names[images.test.labels[where[number - 1]]])}**",
            f"number {number} of {len(where):,} test images",
        )
    target = None if explained == "what each model predicts" else names.index(explained)
    views = explaining.views(picked, pixels, method, target)

limit = explaining.limit(views)
columns = st.columns(len(views) + 1)
with columns[0]:
    st.markdown("**The image**")
    st.markdown(truth)
    st.markdown(source)
    st.plotly_chart(charts.image(pixels), key="cam_image", alt=f"The image, {source}", config={"displayModeBar": False})
for column, view in zip(columns[1:], views, strict=True):
    with column:
        st.markdown(f"**{SHORT_NAMES[view.run.plan.head.name]}** · {view.run.id}")
        right = "" if upload or view.predicted == images.test.labels[where[number - 1]] else " (wrong)"
        st.markdown(f"predicts: **{plain(names[view.predicted])}**{right}")
        st.markdown(f"score {view.predicted_score:.2f}, {view.probability:.0%}")
        st.plotly_chart(
            charts.evidence(pixels, view.heatmap, limit, f"evidence for {escape(names[view.explained])}"),
            key=f"cam_map_{view.run.id}",
            config={"displayModeBar": False},
            alt=f"Map of {view.run.id}: evidence for {names[view.explained]}, score {view.score:.2f}",
        )
st.caption(
    f"One scale for all maps: full colour is ±{limit:.3g}. Orange speaks for the class, "
    f"blue against it. Read at layer {views[0].layer}. {method}: {METHODS[method]}"
)
