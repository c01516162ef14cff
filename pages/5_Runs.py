"""Runs: which run is better, by how much, over seeds?"""

import streamlit as st

from dashboard.common import controls
from dashboard.common.page import link, messages, store
from dashboard.header import header
from dashboard.runs import comparison, ranking, run_details, run_table
from dashboard.runs.run_table import CHOSEN, MOST
from dashboard.train import run_buttons, run_cards
from tfpool.tracking.query import split_countable

header("Runs", "Which run is better, and by how much, over several seeds?")

with messages():
    known, unknown = split_countable(store().runs())
run_buttons.show_messages()
run_buttons.show_uncountable(unknown)
answer = st.container()
runs = run_table.without_lab(known)
if not runs:
    kind = "other runs" if unknown else "runs of your own" if known else "runs"
    st.info(f"There are no {kind} yet in {store().folder.name}. Train two heads first.")
    link("Train", "Go to Train")
    link("Home", "Or see the learning curves of two example runs", home_step="Learn")
    st.stop()

with answer:
    ranking.verdict(runs)
with messages():
    matches, how = run_table.matching(runs)
table = st.container()

if matches:
    st.subheader("Over seeds", anchor=False)
    comparison.over_seeds(matches, how)

st.subheader("Compare", anchor=False)
ids = [run.id for run in runs]
# Without `default`, since ticks in the table set the choice, too.
controls.begin_with(CHOSEN, ids, ids[:2])
if added := run_buttons.pop_added():
    st.session_state[CHOSEN] = [*st.session_state[CHOSEN], *added][:MOST]
chosen = st.multiselect(
    "Runs",
    ids,
    max_selections=MOST,
    key=CHOSEN,
    bind="query-params",
    help="Choose runs here, or tick them in the table.",
)
with table:
    if matches:
        run_table.draw(matches, how)
        st.caption(
            f"{len(matches):,} of {len(runs):,} runs. Tick runs to compare them. Double-click a name or a note to edit."
        )
    else:
        st.info("No run matches. Remove a search word or a filter.")
if not chosen:
    st.info(f"Tick up to {MOST} runs in the table to compare their settings, curves and mistakes.")
    st.stop()
compared = run_cards.select(known, chosen)
comparison.settings(compared)
run_cards.show(compared, comparison.curves)

st.subheader("Mistakes and files", anchor=False)
run = run_details.choose(compared)
run_details.files(run)
card = st.expander("Confused classes and most confident mistakes", key="runs_mistakes", bind="query-params")
if card.open:
    with card:
        run_details.mistakes(run)
