"""Build: what does this network look like, layer by layer, and what changes with another head?"""

import pandas as pd
import streamlit as st

from dashboard.build import head_comparison, network_diagram
from dashboard.build.diagram_blocks import DETAILS
from dashboard.common import controls, presets
from dashboard.common.cached_plans import counted
from dashboard.common.glossary import meaning
from dashboard.common.page import link, messages, store
from dashboard.header import header
from tfpool.models.keras_code import to_code
from tfpool.networks import graph
from tfpool.networks.catalog import find

header("Build", "What does this network look like, layer by layer, and what changes with another head?")


def published(label: str, key: str, value: int, most: int) -> int:
    """A whole number. An empty field means the network's published one, and follows the network."""
    text, help = f"{value:,}", f"Leave empty for {value:,}, the published value."
    typed = st.number_input(
        label, 1, most, None, step=1, key=f"build_{key}", placeholder=text, help=help, bind="query-params"
    )
    return value if typed is None else int(typed)


as_published = st.container(gap="xsmall")
columns = st.columns([3, 2])
with columns[0]:
    network = controls.network("build", "resnet20")
entry = find(network)
with columns[1].container(horizontal=True):
    side = published("Image side, pixels", "side", entry.input_shape[0], 2048)
    classes = published("Classes", "classes", entry.classes, 100_000)
columns = st.columns([4, 1])
with columns[0]:
    head = controls.head("build", "gap")
with messages():
    plan = counted(network, head, side, classes)
with columns[1]:
    other = head_comparison.other_head(plan)

with as_published, messages():
    presets.show_on_build(store().runs())
st.markdown(head_comparison.summary(plan, other))
left, right = st.columns([5, 4])
with left:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        detail = controls.one_of("Detail", DETAILS, "build_detail", default="Blocks", label_visibility="collapsed")
        with st.popover("How to read the diagram", type="tertiary"):
            st.markdown(
                "The image is at the top, the scores are at the bottom. Each bar is a layer or a block of layers.\n"
                "- The **width** of a bar is the size of its output map (square root of the side), the **thickness** "
                "its number of channels (logarithmic).\n"
                "- Beside the bar are the height×width×channels of its output, and its parameters. ×2 means two equal "
                "blocks.\n"
                "- An arc is a **shortcut**: it carries the input of a residual block past the block's layers, and "
                "is added to what they compute, so that deep networks can be trained.\n"
                "- Point at a bar, or tap it, for details. The **receptive field** is the part of the image that one "
                "position of the map depends on. The **stride** is the distance between two neighboring positions, in "
                "pixels of the image.\n"
                "- The outputs are **logits**: one score per class, from −∞ to ∞. The largest is the prediction."
            )
    st.plotly_chart(
        network_diagram.draw(plan, other, detail), key="build_blocks", alt=network_diagram.alt_text(plan, other, detail)
    )
with right:
    head_comparison.numbers(plan, other)
    st.caption(f"{entry.title}. Parameters of the head: {head_comparison.formulas(plan, other)}.")
    heads = [shown.head.name for shown in (plan, other) if shown]
    both = "both" if other else "this"
    link("Train", f"Train {both}, on small images", **controls.of_training(network, heads))
    over_sides = controls.of_parameters(network, heads, side, classes)
    link("Parameters", f"Compare {both} over image sizes", **over_sides)

st.subheader(f"All {len(plan.rows)} layers", anchor=False)
layers = {
    "layer": [row.name for row in plan.rows],
    "Keras layer": [row.op for row in plan.rows],
    "output": [graph.text(row.output_shape) for row in plan.rows],
    "parameters": [row.params for row in plan.rows],
    "MACs": [row.macs for row in plan.rows],
    "memory": [row.activation_bytes / 1000 for row in plan.rows],
    "receptive field": [row.receptive_field for row in plan.rows],
    "stride": [row.stride for row in plan.rows],
}
st.dataframe(
    pd.DataFrame(layers),
    hide_index=True,
    height=420,
    column_config={
        "layer": st.column_config.TextColumn(width="medium"),
        "parameters": st.column_config.NumberColumn(format="localized"),
        "MACs": st.column_config.NumberColumn(format="localized", help=meaning("MACs")),
        "memory": st.column_config.NumberColumn(format="%.1f kB", help="Memory of the layer's output for one image"),
        "receptive field": st.column_config.NumberColumn(
            help="Side of the receptive field in pixels; empty where the layer sees the whole image"
        ),
        "stride": st.column_config.NumberColumn(
            help="Distance in pixels of the image between two neighboring positions of the output"
        ),
    },
    alt="Name, Keras layer, output shape, parameters and multiply-adds of each layer",
)
card = st.expander("Keras code: the same model without tfpool", key="build_code", bind="query-params")
if card.open:
    with card:
        code = to_code(plan)
        st.download_button("Download", code, f"{plan.name}.py", "text/x-python", key="build_download")
        # Code with a height of its own cannot be scrolled by keyboard; a container can, through the copy button.
        with st.container(height=420, border=False):
            st.code(code, wrap_lines=True)
