"""Train: how do these heads learn, side by side, live?"""

import streamlit as st

from dashboard import choices, jobs
from dashboard.page import header, messages, store
from tfpool import data
from tfpool.runs import ENDED
from tfpool.training import Recipe, enqueue_heads, launch
from tfpool.training.recipe import OPTIMIZERS, PARTS, SCHEDULES

header("Train", "How do these heads learn, side by side, live? Training goes on if you close this page.")

columns = st.columns([3, 3, 2])
with columns[0]:
    network = choices.network("train", "resnet8")
with columns[1]:
    heads = choices.heads("train", ["gap", "flatten"])
with columns[2]:
    name = st.selectbox("Images", list(data.DATA), key="train_data", bind="query-params")
with messages():
    images = data.load(name)
columns = st.columns(3)
with columns[0]:
    epochs = choices.whole_number("Epochs", "train", "epochs", 5, most=1000, help="Passes over the training images")
with columns[1]:
    number = choices.whole_number("Training images", "train", "images", 4000, most=len(images.train))
with columns[2]:
    seed = choices.whole_number(
        "Seed", "train", "seed", 0, most=2**31 - 1, least=0, help="The same seed, the same numbers"
    )
with st.expander("How it is trained"):
    columns = st.columns(3)
    default = Recipe()
    with columns[0]:
        batch_size = choices.whole_number("Batch size, images", "train", "batch", default.batch_size, most=1024)
        freeze = st.pills("Frozen parts", PARTS, selection_mode="multi", key="train_freeze", bind="query-params")
    with columns[1]:
        rate = st.number_input(
            "Learning rate", 0.0, 1.0, default.learning_rate, 1e-4, format="%.4f", key="train_rate", bind="query-params"
        )
        schedule = st.selectbox("Schedule", SCHEDULES, key="train_schedule", bind="query-params")
    with columns[2]:
        optimizer = st.selectbox("Optimizer", OPTIMIZERS, key="train_optimizer", bind="query-params")

if st.button(f"Train {len(heads)} run{'s' * (len(heads) != 1)}", type="primary", disabled=not heads, key="train_start"):
    with messages():
        recipe = Recipe(
            epochs=epochs,
            batch_size=batch_size,
            optimizer=optimizer,
            learning_rate=rate,
            schedule=schedule,
            train_images=number,
            freeze=tuple(freeze),
            seed=seed,
        )
        queued = enqueue_heads(network, heads, name, recipe, store())
        launch(store())
    st.query_params["runs"] = queued
    st.rerun()

with messages():
    known = store().runs()
shown = (
    st.query_params.get_all("runs") or [run.id for run in known if run.state not in ENDED] or [r.id for r in known[:2]]
)
if known and not {run.id for run in known} & set(shown):
    st.info("The runs that this address names are not here any more. These are the newest.")
    shown = [run.id for run in known[:2]]
if known:
    st.subheader("Runs", anchor=False)
    jobs.show(shown)
else:
    st.info("Nothing has been trained yet. The settings above do for a first look: it takes about a minute.")
