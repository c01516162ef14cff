"""Inside: how does one image become a score?"""

import streamlit as st

from dashboard.cam import image_picker, model_picker
from dashboard.common import glossary
from dashboard.common.page import link, messages, plain, store
from dashboard.header import header
from dashboard.inside import head_switch, layer_view, score_view
from tfpool import examples
from tfpool.tracking.query import split_countable, uncountable_text

_FIRST = 6
"""The test image to open with: a bright sneaker, which both examples recognize."""

header("Inside", "How does one image become a score?")

with messages():
    runs, unknown = split_countable(store().runs())
    models = model_picker.choices(runs)
if unknown:
    st.caption(plain(uncountable_text(unknown)))
left, right = st.columns([1, 3], gap="medium")
with left, messages():
    names = list(models)
    # A network with a few classes, whose maps and weights can be counted.
    first = names.index((model_picker.newest_runs(models) or list(examples.runs()))[0])
    name = st.selectbox("Model", names, first, key="inside_model", bind="query-params", help=model_picker.HELP)
    head_switch.switch(name, models, "inside")
    model = model_picker.model_of(name, models[name], "inside")
    image = image_picker.pick_image([model], "inside", _FIRST)
    if image is None:
        st.stop()
    st.markdown(plain(image.name))
with right, messages():
    score_view.show(model, image, "inside_score")
st.subheader("How the last maps came about, stage by stage", anchor=False)
layer_view.show(model, image, "inside_stages")
glossary.words(
    "The head after the backbone: residual blocks, ReLU, gradient, CAM", "What the words mean", "inside_words"
)
link("CAM", "Compare models and methods on this image", cam_models=[model.name])
