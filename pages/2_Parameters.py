"""Parameters: what does each head cost, over networks, image sizes and class counts?"""

import pandas as pd
import streamlit as st

from dashboard import charts, choices
from dashboard.choices import SHORT_NAMES
from dashboard.page import header, messages
from tfpool import graph
from tfpool.catalog import CATALOG
from tfpool.heads import HEADS
from tfpool.plan import plan

header("Parameters", "What does each head cost, over networks, image sizes and class counts?")

columns = st.columns([3, 2])
with columns[0]:
    networks = choices.networks("parameters", ["resnet20", "resnet50"])
with columns[1]:
    heads = choices.heads("parameters", ["gap", "gmp", "flatten"])
columns = st.columns([3, 2, 1], vertical_alignment="bottom")
with columns[0]:
    side = st.slider("Image side, pixels", 32, 512, 224, 32, key="parameters_side", bind="query-params")
with columns[1]:
    classes = choices.whole_number("Classes", "parameters", "classes", 1000, most=100_000)
with columns[2]:
    log = st.toggle("Log scale", key="parameters_log", bind="query-params")

if not networks or not heads:
    st.info("Choose at least one network and one head.")
    st.stop()

with messages():
    plans = [plan(name, head, (side, side, 3), classes) for name in networks for head in heads]

most = max(plans, key=lambda each: each.head_params)
least = min(plans, key=lambda each: each.head_params)
st.markdown(
    f"At {side}×{side} pixels and {classes:,} classes the largest head here is **{SHORT_NAMES[most.head.name]}** "
    f"on **{most.backbone}** with **{most.head_params:,}** parameters, {most.head_params / most.params:.1%} of it. "
    f"A smallest one is **{SHORT_NAMES[least.head.name]}** on **{least.backbone}** with **{least.head_params:,}**."
)
st.plotly_chart(
    charts.parameter_bars(plans, log),
    key="parameters_bars",
    alt="Parameters of backbone and head for "
    + ", ".join(f"{each.name} {each.backbone_params:,} and {each.head_params:,}" for each in plans),
)

st.subheader("As the image grows", anchor=False)
chosen = (
    networks[0]
    if len(networks) == 1
    else st.pills("Network", networks, default=networks[0], required=True, key="parameters_lines_network")
)
smallest = CATALOG[chosen].input_shape[0] if CATALOG[chosen].input_shape[0] == 32 else 64
sides = sorted({smallest, 96, 128, 160, 224, 288, 384, 512, side})
lines = {head: [plan(chosen, head, (each, each, 3), classes).head_params for each in sides] for head in heads}
st.plotly_chart(
    charts.size_lines(sides, lines, "image side, pixels"),
    key="parameters_lines",
    alt=f"Parameters of each head of {chosen} as the image grows: pooling heads stay level, flattening ones grow",
)

st.subheader("The numbers", anchor=False)
numbers = ("head parameters", "backbone parameters", "parameters", "MACs")
st.dataframe(
    pd.DataFrame(
        {
            "network": [each.backbone for each in plans],
            "head": [SHORT_NAMES[each.head.name] for each in plans],
            "features H×W×C": [graph.text(each.feature_shape) for each in plans],
            "formula of the head": [HEADS[each.head.name].formula for each in plans],
            "head parameters": [each.head_params for each in plans],
            "backbone parameters": [each.backbone_params for each in plans],
            "parameters": [each.params for each in plans],
            "MACs": [each.macs for each in plans],
            "weights": [each.weight_bytes for each in plans],
            "outputs": [each.activation_bytes for each in plans],
        }
    ),
    hide_index=True,
    column_config={
        **{name: st.column_config.NumberColumn(format="localized") for name in numbers},
        "weights": st.column_config.NumberColumn(format="bytes", help="Memory of all parameters"),
        "outputs": st.column_config.NumberColumn(format="bytes", help="Memory of every layer's output for one image"),
    },
    alt="Parameters of head and backbone, multiply-adds and memory of each network",
)
