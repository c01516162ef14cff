"""Train: how do these heads learn, side by side, live?"""

import streamlit as st

from dashboard.common import controls, visitor_limits
from dashboard.common.page import link, messages, plain, store
from dashboard.header import header
from dashboard.keras_loading import load_keras_for
from dashboard.train import recipe_controls, run_buttons, run_cards
from tfpool import data
from tfpool.tracking import results
from tfpool.tracking.query import is_lab, split_countable
from tfpool.tracking.store import ENDED
from tfpool.training import enqueue_sweep, launch
from tfpool.training.queue import plan_for
from tfpool.training.recipe import start_on

header("Train", "How do these heads learn, side by side, live? Training continues if you close this page.")

columns = st.columns([2, 4, 2, 1])
with columns[2]:
    # Selecting a data set loads it. Downloads are for the Data page, which shows their progress.
    names = [name for name in data.names() if data.describe(name).state != "to be downloaded"]
    follow = recipe_controls.follow_data_set
    name = st.selectbox("Data set", names, key="train_data", on_change=follow, bind="query-params")
with columns[0]:
    networks = controls.networks("train", [start_on(data.describe(name).images[0]).network])
with columns[1]:
    heads = controls.heads("train", ["gap", "flatten"])
with columns[3]:
    help = "Number of runs per network and head, each with its own seed: a single run may be lucky."
    repeats = controls.whole_number("Repeats", "train", "repeats", 1, most=100, help=help)
recipe = None
with messages(go_on=True):
    load_keras_for(name)
    recipe = recipe_controls.recipe(len(data.load(name).train), networks)
count = len(networks) * len(heads) * repeats
label = f"Train {count} run{'s' * (count > 1)}" if count else "Train"
missing = recipe_controls.nothing_to_train(networks, heads, name, recipe) if recipe else ""
with st.container(horizontal=True, vertical_alignment="center"):
    is_pressed = st.button(label, type="primary", disabled=bool(missing) or recipe is None, key="train_start")
    if missing:
        st.markdown(missing)
if is_pressed and recipe:
    with messages(go_on=True):
        sweep = f"{' '.join(networks)}, {' '.join(heads)}, {repeats} seeds" if count > 1 else None
        chosen = data.load(name)
        plans = [plan_for(network, head, chosen, recipe) for network in networks for head in heads]
        with visitor_limits.queueing(count, repeats * sum(plan.params for plan in plans)) as run_ids:
            run_ids += enqueue_sweep(networks, heads, repeats, name, recipe, store(), sweep)
        st.query_params["runs"] = run_ids
        launch(store())
        st.rerun()

with messages():
    countable, unknown = split_countable(store().runs())
run_buttons.show_messages()
run_buttons.show_uncountable([run for run in unknown if not is_lab(run)])
# The runs of the lab are on the Claims page.
own = [run for run in countable if not is_lab(run)]
# Below a data set that was chosen, as by "Train on it" on the Data page, are its runs alone.
is_chosen = "train_data" in st.query_params
on_this = [run for run in own if not is_chosen or results.data_name(run) == name]
newest = [run.id for run in on_this if run.state not in ENDED] or [run.id for run in on_this[:2]]
named = st.query_params.get_all("runs")
added = run_buttons.pop_added()
if named and added:
    st.query_params["runs"] = named = [*named, *added]
run_ids = [run.id for run in countable if run.id in named] or newest
if named and own and run_ids == newest and not set(named) & {*newest, *(run.id for run in unknown)}:
    st.info("The runs in this page's address no longer exist. These are the newest runs.")
if run_ids:
    st.subheader("Runs", anchor=False)
    selected = run_cards.select(countable, run_ids)
    run_cards.show(selected)
    if any(run.state == "done" for run in selected):
        link("Runs", "Compare runs, their mistakes and files")
        link("CAM", "See where the models find evidence")
else:
    on = f" on {plain(name)}" if is_chosen else ""
    st.info(f"No runs{on} yet. The settings above train two heads in about a minute.")
