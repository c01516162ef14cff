"""Runs: which run is better, and by how much?"""

import pandas as pd
import streamlit as st

from dashboard import jobs
from dashboard.choices import SHORT_NAMES
from dashboard.page import header, link, messages, store

header("Runs", "Which run is better, and by how much?")


def percent(shares: list[float]) -> float | None:
    return 100 * shares[-1] if shares else None


with messages():
    runs = store().runs()
if not runs:
    st.info("There are no runs yet in saved_models. Train two heads first.")
    link("Train", "Go to Train")
    st.stop()

with_result = [run for run in runs if run.result]
# Only runs that were tested on the same images can be compared: those of the newest one.
same = [run for run in with_result if run.spec["data"] == with_result[0].spec["data"]]
judged = sorted(same, key=lambda run: run.result["accuracy"], reverse=True)
if len(judged) > 1:
    best, second = judged[:2]
    ahead = 100 * (best.result["accuracy"] - second.result["accuracy"])
    settings = [{"network": r.plan.backbone, "head": r.plan.head.config, **r.spec["recipe"]} for r in (best, second)]
    apart = [name.replace("_", " ") for name in settings[0] if settings[0][name] != settings[1][name]]
    st.markdown(
        f"**{best.id}** is best on {best.spec['data']}: **{best.result['accuracy']:.1%}** of the test images right, "
        f"{ahead:.1f} points ahead of {second.id}, with {best.plan.params:,} parameters against {second.plan.params:,}."
    )
    st.caption(
        f"They differ in {', '.join(apart) or 'nothing but chance'}. One run is one draw: take several seeds of each."
    )

st.dataframe(
    pd.DataFrame(
        {
            "run": [run.id for run in runs],
            "state": [run.state for run in runs],
            "data": [run.spec["data"] for run in runs],
            "network": [run.plan.backbone for run in runs],
            "head": [SHORT_NAMES[run.plan.head.name] for run in runs],
            "parameters": [run.plan.params for run in runs],
            "epochs": [f"{len(run.history['loss'])} of {run.epochs}" for run in runs],
            "training": [percent(run.history["accuracy"]) for run in runs],
            "validation": [percent(run.history["val_accuracy"]) for run in runs],
            "test": [percent([run.result["accuracy"]] if run.result else []) for run in runs],
            "images": [run.spec["recipe"]["train_images"] for run in runs],
            "seed": [run.spec["recipe"]["seed"] for run in runs],
            "started": [pd.Timestamp(run.created, unit="s", tz="UTC") for run in runs],
        }
    ),
    hide_index=True,
    column_config={
        "parameters": st.column_config.NumberColumn(format="localized"),
        **{
            name: st.column_config.NumberColumn(format="%.1f %%", help=f"Accuracy on the {name} images")
            for name in ("training", "validation", "test")
        },
        "images": st.column_config.NumberColumn("training images", format="localized", help="Empty: all"),
        "started": st.column_config.DatetimeColumn("queued", format="distance"),
    },
    alt="All runs with state, network, head, parameters and accuracies",
)

st.subheader("Compare", anchor=False)
ids = [run.id for run in runs]
chosen = st.multiselect("Runs", ids, ids[:2], max_selections=4, key="runs_chosen", bind="query-params")
if chosen:
    jobs.show(chosen)
else:
    st.info("Choose up to four runs to compare their curves.")
