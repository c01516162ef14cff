"""Claims: textbook claims about pooling, measured."""

import streamlit as st

from dashboard.claims import cards, jobs, overview
from dashboard.claims.cards import ClaimFindings
from dashboard.common.page import messages, store
from dashboard.components import style
from dashboard.header import header
from tfpool.lab import background_job
from tfpool.lab.claim import claims

header("Claims", "Textbook claims about pooling, measured")

with messages():
    folder = store().folder
    all_findings = [ClaimFindings.load(claim, folder) for claim in claims()]
overview.answer(all_findings)
overview.counts(all_findings)
st.caption(
    "Open a claim to see its figures and its method, or to run it yourself. Numbers in brackets are 95 % intervals."
)

style("claims")
with st.container(gap="xsmall", key="claims_rows"):
    for findings in all_findings:
        name = findings.claim.name
        job = background_job.state(folder, name)
        running = job is not None and job.state == "running"
        card = st.expander(cards.label(findings, running), key=f"claims_{name}", bind="query-params")
        with card:
            if card.open:
                cards.statement(findings)
                cards.results(findings)
                cards.explained(findings.claim)
                cards.words(findings)
            # In a closed card, too, so that its label changes when the run has ended.
            if card.open or running:
                jobs.run(name, bool(findings.own))
overview.choice(all_findings)
