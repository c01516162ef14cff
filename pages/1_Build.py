"""Build: what does this network look like, layer by layer?"""

import re

import pandas as pd
import streamlit as st

from dashboard import charts, choices
from dashboard.page import header, messages
from tfpool import graph
from tfpool.catalog import find
from tfpool.export import to_code
from tfpool.plan import Row, plan
from tfpool.table import memory, short
from tfpool.training import Recipe

header("Build", "What does this network look like, layer by layer? Nothing is built here, so it is instant.")


def as_published() -> None:
    entry = find(st.session_state["build_network"])
    st.session_state["build_side"], st.session_state["build_classes"] = entry.input_shape[0], entry.classes


def stage(row: Row, before: str) -> str:
    """Layers are named conv2_block1_1_conv or block1a_bn: what they begin with is the stage. Pooling is of the last."""
    if row.part == "head":
        return "head"
    first = re.sub(r"(?<=\d)[a-z]$", "", row.name.split("_")[0])
    return before if before and re.match("pool|drop|post|normalization", first) else first


columns = st.columns([3, 2, 1, 1])
with columns[0]:
    network = choices.network("build", "resnet20", on_change=as_published)
with columns[1]:
    head = choices.head("build")
with columns[2]:
    side = choices.whole_number("Image side, pixels", "build", "side", 32, most=2048)
with columns[3]:
    classes = choices.whole_number("Classes", "build", "classes", 10, most=100_000)

with messages():
    described = plan(network, head, (side, side, 3), classes)

st.caption(
    f"{find(network).title}. The head {choices.SHORT_NAMES[head]} has {described.head.formula} parameters: H×W×C is "
    "the last feature map, K the number of classes"
    + (", U₁ and U₂ the sizes of its hidden layers." if head == "fc" else ".")
)
totals = st.columns(4)
totals[0].metric("Parameters", f"{described.params:,}", border=True)
totals[1].metric("of them in the head", f"{described.head_params:,}", border=True)
totals[2].metric(
    "MACs an image",
    short(described.macs or 0),
    border=True,
    help=f"{described.macs:,} multiply-adds: a multiplication with its addition counts one",
)
totals[3].metric(
    "Last feature map",
    graph.text(described.feature_shape),
    border=True,
    help="Height×width×channels, which the head reads",
)

recipe = Recipe()
training = described.training_bytes(recipe.batch_size, recipe.optimizer) or 0
st.caption(
    f"Memory: {memory(described.weight_bytes)} of weights, {memory(described.activation_bytes or 0)} of layers' "
    f"outputs an image. Training takes at least {memory(training)} with {recipe.batch_size} images a step and "
    f"{recipe.optimizer}, a .keras file about {memory(described.file_bytes)}."
)

stages: dict[str, list[Row]] = {}
name = ""
for row in described.rows[1:]:
    name = stage(row, name)
    stages.setdefault(name, []).append(row)
labels = [f"{name} · {graph.text(rows[-1].output_shape)}" for name, rows in stages.items()]
st.subheader("Stages, with the shape that each hands on", anchor=False)
st.plotly_chart(
    charts.stage_bars(labels, [sum(row.params for row in rows) for rows in stages.values()], head),
    key="build_stages",
    alt=f"Parameters of each stage of {network}; the head has {described.head_params:,} of {described.params:,}",
)

st.subheader(f"All {len(described.rows)} layers", anchor=False)
table = pd.DataFrame(
    {
        "layer": [row.name for row in described.rows],
        "Keras layer": [row.op for row in described.rows],
        "output": [graph.text(row.output_shape) for row in described.rows],
        "parameters": [row.params for row in described.rows],
        "MACs": [row.macs for row in described.rows],
        "memory": [row.activation_bytes for row in described.rows],
        "receptive field": [row.receptive_field for row in described.rows],
        "stride": [row.stride for row in described.rows],
    }
)
st.dataframe(
    table,
    hide_index=True,
    height=420,
    column_config={
        "layer": st.column_config.TextColumn(width="medium"),
        "parameters": st.column_config.NumberColumn(format="localized"),
        "MACs": st.column_config.NumberColumn(format="localized", help="Multiply-adds for one image"),
        "memory": st.column_config.NumberColumn(format="bytes", help="Of the output, for one image"),
        "receptive field": st.column_config.NumberColumn(help="Side, in pixels, of what one position sees; empty: all"),
        "stride": st.column_config.NumberColumn(help="Pixels of the image between two neighbouring positions"),
    },
    alt="Name, kind, output shape, parameters and multiply-adds of each layer",
)
with st.expander("Keras code: the same model without tfpool"):
    code = to_code(described)
    st.download_button("Download", code, f"{described.name}.py", "text/x-python", key="build_download")
    st.code(code, height=420)
