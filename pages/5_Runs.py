"""Runs: which run is better, by how much, over seeds?"""

import streamlit as st

from dashboard.common import controls
from dashboard.common.page import link, messages, store
from dashboard.header import header
from dashboard.runs import comparison, ranking, run_details, run_table
from dashboard.runs.run_table import CHOSEN, MOST
from dashboard.train import run_buttons, run_cards
from tfpool.tracking.query import split_countable

header("Runs", "Which run is better, by how much, over seeds?")

with messages():
    known, unknown = split_countable(store().runs())
run_buttons.told()
run_buttons.of_unknown(unknown)
answer = st.container()
runs = run_table.unfolded(known)
if not runs:
    own = "other runs" if unknown else "runs of your own" if known else "runs"
    st.info(f"There are no {own} yet in {store().folder.name}. Train two heads first.")
    link("Train", "Go to Train")
    link("Home", "Or see how two runs that ship have learnt", home_step="Learn")
    st.stop()

with answer:
    ranking.verdict(runs)
with messages():
    found, how = run_table.found(runs)
table = st.container()

if found:
    st.subheader("Over seeds", anchor=False)
    comparison.over_seeds(found, how)

st.subheader("Compare", anchor=False)
ids = [run.id for run in runs]
# No default of its own, since ticks in the table set what is chosen, too.
controls.begin_with(CHOSEN, ids, ids[:2])
if added := run_buttons.added():
    st.session_state[CHOSEN] = [*st.session_state[CHOSEN], *added][:MOST]
chosen = st.multiselect(
    "Runs",
    ids,
    max_selections=MOST,
    key=CHOSEN,
    bind="query-params",
    help="Or tick them in the table",
)
with table:
    run_table.told()
    if found:
        run_table.draw(found, how)
        st.caption(
            f"{len(found):,} of {len(runs):,} runs. Tick runs to compare them; double-click a name or note to edit."
        )
    else:
        st.info(f"None of the {len(runs):,} runs is like that. Take out a word or a filter.")
if not chosen:
    st.info("Tick up to eight runs in the table to compare their settings, curves and mistakes.")
    st.stop()
compared = run_cards.chosen(known, chosen)
comparison.settings(compared)
run_cards.show(compared, comparison.progress)

st.subheader("Mistakes and files", anchor=False)
one = run_details.chosen(compared)
run_details.files(one)
card = st.expander("Which classes it confuses, and its surest mistakes", key="runs_mistakes", bind="query-params")
if card.open:
    with card:
        run_details.mistakes(one)
