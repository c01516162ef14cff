"""Claims: is what the textbooks say about pooling true, here, measured?"""

import streamlit as st

from dashboard.claims import cards, jobs
from dashboard.claims.cards import Known
from dashboard.common.page import messages, store
from dashboard.header import header
from tfpool.lab import background_job
from tfpool.lab.claim import claims

header("Claims", "Is what the textbooks say about pooling true, here, measured?")

with messages():
    folder = store().folder
    known = [Known.of(claim, folder) for claim in claims()]
cards.answer(known)
cards.counts(known)
cards.words(known)
st.caption("Open a claim for its figures, how it was measured and what that does not show, or to run it yourself.")

with st.container(gap="xsmall"):
    for each in known:
        name = each.claim.name
        under_way = background_job.state(folder, name)
        running = under_way is not None and under_way.state == "running"
        card = st.expander(cards.label(each, running), key=f"claims_{name}", bind="query-params")
        with card:
            if card.open:
                cards.statement(each)
                cards.results(each)
                cards.explained(each.claim)
            # In a closed card, too: it sees to it that the line above says so when the run has ended.
            if card.open or running:
                jobs.run(name, bool(each.own))
