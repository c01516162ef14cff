"""Inside: how does one image become a score?"""

import streamlit as st

from dashboard.cam import image_picker, model_picker, model_upload, pixel_notes
from dashboard.common import glossary
from dashboard.common.page import link, messages, plain
from dashboard.header import header
from dashboard.inside import head_switch, layer_view, score_view

header("Inside", "How do the last feature maps of an image add up to a **class map** (CAM) and a score?")

stored = model_picker.offered()
# In this order on a phone, where columns stand below each other: first the answer, then the controls.
answer, settings = st.columns([3, 1], gap="medium")
with settings, messages():
    choice, upload = st.container(), st.container()
    with upload:
        own, models = model_upload.offer(
            "inside", "inside_model", stored, answer, lambda name: st.session_state.update(inside_model=name)
        )
    names = list(models)
    first = 0 if own else names.index(score_view.first_model(stored))
    with choice:
        name = st.selectbox("Model", names, first, key="inside_model", bind="query-params", help=model_picker.HELP)
        head_switch.switch(name, models, "inside")
    model = model_picker.model_of(name, models[name], "inside")
    image = image_picker.pick_image([model], "inside", score_view.FIRST_IMAGE)
    if image is None:
        answer.info(image_picker.NO_IMAGE)
        st.stop()
    st.markdown(plain(image.name))
with answer, messages():
    score_view.show(model, image, "inside_score")
    pixel_notes.show([model], image.pixels)
st.subheader("How the last maps came about, stage by stage", anchor=False)
layer_view.show(model, image, "inside_stages")
glossary.words(
    "The head after the backbone: residual blocks, ReLU, receptive field, logit, gradient, CAM",
    "What the words mean",
    "inside_words",
)
link("CAM", "Compare models and methods on this image", cam_models=[model.name])
