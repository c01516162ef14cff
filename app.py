"""Home: Flatten or GAP? A feature map to edit, with what each head makes of it and costs, and a tour of two runs."""

import streamlit as st

from dashboard.common import growth_chart
from dashboard.common.counts_in_words import times
from dashboard.common.glossary import meaning
from dashboard.common.page import link
from dashboard.header import header
from dashboard.home import tour
from dashboard.home.feature_map_editor import painted
from tfpool.lab import CLAIMS
from tfpool.networks import heads

header(
    "Flatten or GAP?",
    "A network's last convolution leaves **feature maps**: small grids of numbers, one per channel, that say where in "
    "the image something was found. The **head** makes one score per class of them. Change the map, and see how.",
    name="Home",
)
PATTERNS = {
    "Corner": "9600630000000000",
    "Middle": "0000096006900000",
    "Everywhere": "1212212112122121",
}
CHANNELS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
CLASSES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
SIDES = (1, 2, 4, 7, 14, 28)
_LINES = 140
"""Height of the chart's lines, in pixels of the page: all that the first question takes stands on one screen."""


def _weights(side: int, ratio: str) -> str:
    if not ratio:
        return "With a single position all three cost the same."
    positions = f"each of the {side * side:,} positions"
    return f"So behind Flatten a class needs a weight for {positions}: **{ratio}** as many parameters as behind GAP."


@st.fragment
def play() -> None:
    left, right = st.columns([1, 3], gap="medium")
    with left:
        cells = painted(PATTERNS, "home_map", "A feature map of 4 by 4 numbers from 0 to 9, to be edited")
    with right:
        answers = st.columns(3)
        sliders = st.columns(3)
    with sliders[0]:
        side = st.slider(
            "Side, H = W",
            1,
            28,
            7,
            key="home_side",
            bind="query-params",
            help="Of each map: 7 for ResNet-50",
        )
    with sliders[1]:
        channels = st.select_slider(
            "Channels, C", CHANNELS, 512, key="home_channels", bind="query-params", help="Feature maps in the stack"
        )
    with sliders[2]:
        classes = st.select_slider(
            "Classes, K", CLASSES, 1000, format_func="{:,}".format, key="home_classes", bind="query-params"
        )
    features = (side, side, channels)
    found = {
        "gap": f"#### {cells.mean():.2f}",
        "gmp": f"#### {cells.max()}",
        "flatten": "`" + " ".join(map(str, cells.ravel())) + "`",
    }
    costs = {name: heads.get(name).params(features, classes) for name in found}
    for column, (name, value) in zip(answers, found.items(), strict=True):
        with column.container(border=True, key=f"home_{name}", height="stretch", gap="xsmall"):
            st.markdown(f"**{heads.HEADS[name].label}**, {heads.HEADS[name].meaning}")
            st.markdown(value)
            formula = f"Then Dense, {heads.HEADS[name].formula}: **{costs[name]:,}** parameters"
            st.markdown(formula, help=meaning("Dense", "parameters"))
    with right:
        st.markdown(
            "Shift the map: what leaves on one side comes in on the other, so GAP and GMP stay as they are, and "
            "Flatten's numbers change places. " + _weights(side, times(costs["flatten"], costs["gap"]))
        )
    sides = sorted({*SIDES, side})
    lines = {name: [heads.get(name).params((each, each, channels), classes) for each in sides] for name in found}
    growth_chart.lines(
        sides,
        lines,
        "height and width of the feature map",
        side,
        _LINES,
        key="home_lines",
        alt="Parameters of the heads as the feature map grows: those of GAP and GMP stay at "
        f"{costs['gap']:,}, those of Flatten grow with its area, to {lines['flatten'][-1]:,} at {sides[-1]}",
    )


play()

st.subheader("Three doors", anchor=False)
doors = st.columns(3)
with doors[0].container(border=True, height="stretch"):
    link("Parameters", "**Count** it")
    st.write("What each head costs, over networks, image sizes and class counts.")
with doors[1].container(border=True, height="stretch"):
    link("Train", "**Train** it")
    st.write("The same network under two heads, on real images, side by side.")
with doors[2].container(border=True, height="stretch"):
    link("CAM", "**Look** at it")
    st.write("Where each of them looks in the same image, on one scale.")
link("Claims", f"**Is it true?** {len(CLAIMS)} claims, measured")

st.subheader("A tour in five steps", anchor=False)
tour.show()
