"""Build: what does this network look like, layer by layer, and what changes with another head?"""

import pandas as pd
import streamlit as st

from dashboard.build import head_comparison, network_diagram
from dashboard.build.diagram_blocks import DETAILS
from dashboard.common import controls
from dashboard.common.cached_plans import counted
from dashboard.common.controls import SIDES, head_label, heads_help
from dashboard.common.glossary import meaning
from dashboard.common.page import link, messages
from dashboard.header import header
from tfpool.models.keras_code import to_code
from tfpool.networks import graph
from tfpool.networks.catalog import find
from tfpool.networks.heads import HEADS

# What the page Train resizes its small images to for a network that was published for large ones.
ENLARGED = 64

header("Build", "What does this network look like, layer by layer, and what changes with another head?")


def published(label: str, key: str, value: int, most: int) -> int:
    """A whole number: the published one where nothing is typed, so that it follows the network."""
    typed = st.number_input(
        label,
        1,
        most,
        None,
        step=1,
        key=f"build_{key}",
        placeholder=f"{value:,}",
        help=f"Empty: {value:,}, as published",
        bind="query-params",
    )
    return value if typed is None else int(typed)


columns = st.columns([3, 2])
with columns[0]:
    network = controls.network("build", "resnet20")
entry = find(network)
with columns[1].container(horizontal=True):
    side = published("Image side, pixels", "side", entry.input_shape[0], 2048)
    classes = published("Classes", "classes", entry.classes, 100_000)
columns = st.columns([4, 1])
with columns[0]:
    head = st.pills(
        "Head",
        list(HEADS),
        default="gap",
        required=True,
        format_func=head_label,
        key="build_head",
        help=heads_help(),
        wrap=True,
        bind="query-params",
    )
with messages():
    described = counted(network, head, side, classes)
with columns[1]:
    other = head_comparison.against(described)

st.markdown(head_comparison.in_words(described, other))
left, right = st.columns([5, 4])
with left:
    with st.container(horizontal=True, horizontal_alignment="distribute"):
        detail = st.segmented_control(
            "Detail",
            DETAILS,
            default="Blocks",
            required=True,
            key="build_detail",
            label_visibility="collapsed",
            bind="query-params",
        )
        with st.popover("How to read it", type="tertiary"):
            st.markdown(
                "The image is at the top, the scores at the bottom. Each bar is a block of layers, or one layer.\n"
                "- It is as **wide** as its map is (by the root of the side), and as **thick** as it has channels "
                "(logarithmic).\n"
                "- Beside it stand height×width×channels of what it hands on, and its parameters. ×2: two blocks "
                "alike.\n"
                "- An arc is another way around, a **shortcut**: what went in is added to what came out.\n"
                "- Point at a bar, or tap it, for more. The **receptive field** is the part of the image that one "
                "position of the map has seen; the **stride** is how many pixels of the image two neighbouring "
                "positions stand apart.\n"
                "- What comes out are **logits**, one score per class: any numbers, and the largest wins."
            )
    st.plotly_chart(
        network_diagram.draw(described, other, detail),
        key="build_blocks",
        alt=network_diagram.told(described, other, detail),
    )
with right:
    head_comparison.numbers(described, other)
    st.caption(f"{entry.title}. Parameters of the head: {head_comparison.formulas(described, other)}.")
    heads = [each.head.label for each in (described, other) if each]
    both = "both" if other else "this"
    large = {} if entry.input_shape[0] <= SIDES[0] else {"train_image_size": ENLARGED}
    link("Train", f"Train {both}, on small images", train_networks=network, train_heads=heads, **large)
    link(
        "Parameters",
        f"Compare {both} over image sizes",
        parameters_networks=network,
        parameters_heads=heads,
        parameters_side=min(SIDES, key=lambda each: abs(each - side)),
        parameters_classes=classes,
    )

st.subheader(f"All {len(described.rows)} layers", anchor=False)
st.dataframe(
    pd.DataFrame(
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
    ),
    hide_index=True,
    height=420,
    column_config={
        "layer": st.column_config.TextColumn(width="medium"),
        "parameters": st.column_config.NumberColumn(format="localized"),
        "MACs": st.column_config.NumberColumn(format="localized", help=meaning("MACs")),
        "memory": st.column_config.NumberColumn(format="bytes", help="Of the output, for one image"),
        "receptive field": st.column_config.NumberColumn(help="Side, in pixels, of what one position sees; empty: all"),
        "stride": st.column_config.NumberColumn(help="Pixels of the image between two neighbouring positions"),
    },
    alt="Name, kind, output shape, parameters and multiply-adds of each layer",
)
card = st.expander("Keras code: the same model without tfpool", key="build_code", bind="query-params")
if card.open:
    with card:
        code = to_code(described)
        st.download_button("Download", code, f"{described.name}.py", "text/x-python", key="build_download")
        # With a height of its own it would scroll where no key reaches; in a container keys come to its button to copy.
        with st.container(height=420, border=False):
            st.code(code, wrap_lines=True)
