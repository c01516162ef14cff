"""The table of runs: filtered, sorted, ticked to compare, with names and notes to edit."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd
import streamlit as st

from dashboard.common import controls, visitor
from dashboard.common.controls import head_label
from dashboard.common.glossary import meaning
from dashboard.common.page import store
from dashboard.train.run_cards import MOST
from tfpool.tracking import query, results
from tfpool.tracking.confidence import images_behind, interval_text
from tfpool.tracking.query import FACETS, LABELS, ORDERS, is_lab
from tfpool.tracking.store import Run

CHOSEN = "runs_chosen"
_NEWEST = "newest"
_FILTERS_PER_ROW = 3
OVERFIT_HELP = f"Training minus validation accuracy, in points. {meaning('overfitting')}"
_EDITABLE = ("compare", "run", "note")
_FIRST = ("compare", "run", "test", "of images", "validation", "overfit", "parameters", "time", "state", "note")
"""The columns shown by default: as many as fit side by side."""
_FACET_WORDS = {"data": "Data set", "network": "Network", "head": "Head", "state": "State", "sweep": "Sweep"}


def without_lab(runs: Sequence[Run]) -> list[Run]:
    """The runs without those of the lab, which are many and similar, unless they are asked for or chosen."""
    lab = sum(map(is_lab, runs))
    if not lab:
        return list(runs)
    shown = st.toggle(
        f"Show the {lab:,} run{'s' * (lab != 1)} of the lab",
        key="runs_lab",
        bind="query-params",
        help="Runs that were trained for the experiments of the Claims page",
    )
    chosen = {*st.query_params.get_all(CHOSEN), *st.session_state.get(CHOSEN, [])}
    return [run for run in runs if shown or not is_lab(run) or run.id in chosen]


def matching(runs: Sequence[Run]) -> tuple[list[Run], str]:
    """The runs that the filters leave, sorted, and "last" or "best" for the epoch that counts. Shows the controls."""
    columns = st.columns([3, 2, 2])
    text = columns[0].text_input(
        "Find", key="runs_text", bind="query-params", placeholder="words in a name, note or sweep"
    )
    orders = [_NEWEST, *ORDERS]
    order = columns[1].selectbox(
        "Sort by", orders, format_func=lambda key: LABELS.get(key, key), key="runs_sort", bind="query-params"
    )
    with columns[2]:
        help = "Epoch whose training and validation accuracy is shown. The test accuracy is that of the saved model."
        how = controls.one_of("Epoch", results.HOW, "runs_how", help=help)
    offered = {name: values for name in FACETS if len(values := query.facet_values(runs, name)) > 1}
    selected = query.select_runs(runs, text, _filters(offered) if offered else {})
    return selected if order == _NEWEST else query.rank_runs(selected, order, how), how


def _filters(offered: dict[str, list[str]]) -> dict[str, list[str]]:
    """The values that a run has to have, as chosen from those offered."""
    chosen = any(st.session_state.get(f"runs_{name}") or st.query_params.get(f"runs_{name}") for name in offered)
    words = ", ".join(_FACET_WORDS[name].lower() for name in offered)
    wanted: dict[str, list[str]] = {}
    with st.expander(f"Filter by {words}", expanded=chosen, icon=":material/filter_list:"):
        for number, (name, values) in enumerate(offered.items()):
            if number % _FILTERS_PER_ROW == 0:
                columns = st.columns(_FILTERS_PER_ROW)
            wanted[name] = columns[number % _FILTERS_PER_ROW].multiselect(
                _FACET_WORDS[name],
                values,
                format_func=head_label if name == "head" else str,
                key=f"runs_{name}",
                placeholder="any",
                help="Runs that were started together" if name == "sweep" else None,
                bind="query-params",
            )
    return wanted


def draw(runs: Sequence[Run], how: str) -> None:
    """The table. Changed ticks, names and notes are saved."""
    all_columns = st.toggle(
        "All columns",
        key="runs_columns",
        bind="query-params",
        help="Also show MACs, epochs, losses, training accuracy, the interval of the test accuracy, data and settings.",
    )
    # A new key after each edit: Streamlit would apply the old edit to the new rows again.
    key = f"runs_table_{st.session_state.get('runs_edits', 0)}"
    rows = _rows(runs, how)
    st.data_editor(
        rows,
        key=key,
        hide_index=True,
        column_order=None if all_columns else _FIRST,
        disabled=[name for name in rows if name not in _EDITABLE],
        column_config=_CONFIG,
        placeholder="–",
        on_change=_save,
        args=(key, [run.id for run in runs]),
        alt="Runs with accuracies, parameters, MACs, settings and state. Tick the first column to compare runs",
    )


def _rows(runs: Sequence[Run], how: str) -> pd.DataFrame:
    chosen = st.session_state.get(CHOSEN, [])
    plans = [run.plan for run in runs]
    measured = {key: [results.value(run, key, how) for run in runs] for key in ORDERS}
    recipes = [run.spec["recipe"] for run in runs]
    test_images = [images_behind(run) if run.result else None for run in runs]
    table = {
        "compare": [run.id in chosen for run in runs],
        "run": [run.title for run in runs],
        "test": _percents(measured["test"]),
        "of images": pd.Series(test_images, dtype="Int64"),
        "validation": _percents(measured["val_accuracy"]),
        "overfit": _percents([results.overfit(run, how) for run in runs]),
        "parameters": pd.Series([plan.params for plan in plans], dtype="Int64"),
        "time": _numbers(measured["time"]).round(),
        "state": [run.state for run in runs],
        "note": [run.note for run in runs],
        "test interval": [
            interval_text(accuracy, images) if accuracy is not None and images else None
            for accuracy, images in zip(measured["test"], test_images, strict=True)
        ],
        "MACs": pd.Series([plan.macs for plan in plans], dtype="Int64"),
        "epochs": [f"{len(run.history['loss'])} of {run.epochs}" for run in runs],
        "training": _percents(measured["accuracy"]),
        "validation loss": _numbers(measured["val_loss"]),
        "test loss": _numbers(measured["test_loss"]),
        "network": [plan.backbone for plan in plans],
        "head": [plan.head.label for plan in plans],
        "data set": [results.data_name(run) for run in runs],
        "training images": pd.Series([recipe.get("train_images") for recipe in recipes], dtype="Int64"),
        "seed": [recipe["seed"] for recipe in recipes],
        "sweep": [run.sweep for run in runs],
        "queued": [pd.Timestamp(run.created, unit="s", tz="UTC") for run in runs],
        "id": [run.id for run in runs],
    }
    return pd.DataFrame(table)


def _numbers(values: Sequence[float | None]) -> pd.Series:
    return pd.Series(values, dtype="Float64")


def _percents(fractions: Sequence[float | None]) -> pd.Series:
    return 100 * _numbers(fractions)


def _percent(help: str, width: int | None = None) -> Any:
    return st.column_config.NumberColumn(format="%.1f %%", help=help, width=width)


_CONFIG: dict[str, Any] = {
    "compare": st.column_config.CheckboxColumn(
        " ", help=f"Tick up to {MOST} runs to compare them below.", pinned=True, width=36
    ),
    "run": st.column_config.TextColumn(help="Double-click to rename.", pinned=True, width=140, max_chars=80),
    "test": _percent("Accuracy on the test images, which are never used in training", 70),
    "of images": st.column_config.NumberColumn(
        format="localized", width=75, help="Number of test images: with few, the accuracy is uncertain"
    ),
    "validation": _percent(f"Accuracy on the validation images. {meaning('validation')}", 78),
    "overfit": st.column_config.NumberColumn(format="%+.1f", width=62, help=OVERFIT_HELP),
    "parameters": st.column_config.NumberColumn(format="localized", width=90, help=meaning("parameters")),
    "test interval": st.column_config.TextColumn(help="95 % confidence interval of the test accuracy (Wilson)"),
    "MACs": st.column_config.NumberColumn(format="localized", help=meaning("MACs")),
    "time": st.column_config.NumberColumn("time, s", format="localized", width=70, help="Training time in seconds"),
    "state": st.column_config.TextColumn(width=84),
    "note": st.column_config.TextColumn(width=110, help="Double-click to write a note.", max_chars=500),
    "epochs": st.column_config.TextColumn(help=f"Finished epochs, of those planned. {meaning('epoch')}"),
    "seed": st.column_config.NumberColumn(help=meaning("seed")),
    "sweep": st.column_config.TextColumn(help="Runs that were started together"),
    "training": _percent("Accuracy on the training images"),
    "validation loss": st.column_config.NumberColumn(format="%.3f", help=meaning("loss")),
    "test loss": st.column_config.NumberColumn(format="%.3f", help=meaning("loss")),
    "training images": st.column_config.NumberColumn(format="localized", help="Number of training images; – means all"),
    "queued": st.column_config.DatetimeColumn(format="distance"),
}


def _save(key: str, ids: Sequence[str]) -> None:
    """Save what was changed in the table with this key and these rows."""
    try:
        for row, changes in st.session_state[key]["edited_rows"].items():
            apply(ids[int(row)], changes)
    except ValueError as error:
        st.session_state["runs_error"] = error
    st.session_state["runs_edits"] = st.session_state.get("runs_edits", 0) + 1


def apply(run_id: str, changes: dict[str, object]) -> None:
    """Tick or untick a run, rename it, or write its note; a ValueError if the run is gone or too many are ticked."""
    if "run" in changes or "note" in changes:
        visitor.check_change(store().folder / run_id)
    if "run" in changes:
        store().rename(run_id, str(changes["run"] or ""))
    if "note" in changes:
        store().annotate(run_id, str(changes["note"] or ""))
    if "compare" not in changes:
        return
    others = [chosen for chosen in st.session_state.get(CHOSEN, []) if chosen != run_id]
    if changes["compare"] and len(others) == MOST:
        raise ValueError(f"Up to {MOST} runs can be compared at once. Untick one first.")
    st.session_state[CHOSEN] = [*others, run_id] if changes["compare"] else others
