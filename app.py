"""Home: a feature map to edit, what each head computes from it and costs, and a tour of two runs."""

import streamlit as st

from dashboard.common import growth_chart, presets
from dashboard.common.counts_in_words import times
from dashboard.common.glossary import meaning
from dashboard.common.page import link, messages, store
from dashboard.header import header
from dashboard.home import tour
from dashboard.home.feature_map_editor import edit
from tfpool.lab import CLAIMS
from tfpool.networks import heads

header(
    "Home",
    "A network's last convolution gives **feature maps**: small grids of numbers, one per channel, that show where in "
    "the image a pattern was found. The **head** turns them into one score per class. Change the map and watch.",
)
PATTERNS = {"Corner": "9600630000000000", "Middle": "0000096006900000", "Everywhere": "1212212112122121"}
CHANNELS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
CLASSES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
SIDES = (1, 2, 4, 7, 14, 28)
DOORS = (
    ("Parameters", "**Count** it", "What each head costs, for any network, image size and number of classes."),
    ("Train", "**Train** it", "The same network with two heads, on real images, side by side."),
    ("CAM", "**Look** at it", "Which parts of an image each network uses, on one scale."),
)
_LINES = 140
"""Height of the chart's area in pixels, so that everything about the first question fits on one screen."""


def _comparison(side: int, ratio: str) -> str:
    if not ratio:
        return "With a single position all three cost the same."
    return (
        f"So after Flatten a class needs a weight for each of the {side * side:,} positions: **{ratio}** as many "
        "parameters as after GAP."
    )


@st.fragment
def play() -> None:
    left, right = st.columns([1, 3], gap="medium")
    with left:
        cells = edit(PATTERNS, "home_map", "A feature map of 4 by 4 numbers from 0 to 9, to be edited")
    with right:
        answers = st.columns(3)
        sliders = st.columns(3)
    side = sliders[0].slider(
        "Side, H = W", 1, 28, 7, key="home_side", bind="query-params", help="Of each map; ResNet-50 has 7"
    )
    channels = sliders[1].select_slider(
        "Channels, C", CHANNELS, 512, key="home_channels", bind="query-params", help="The number of feature maps"
    )
    classes = sliders[2].select_slider(
        "Classes, K", CLASSES, 1000, format_func="{:,}".format, key="home_classes", bind="query-params"
    )
    features = (side, side, channels)
    outputs = {
        "gap": f"#### {cells.mean():.2f}",
        "gmp": f"#### {cells.max()}",
        "flatten": "`" + " ".join(map(str, cells.ravel())) + "`",
    }
    costs = {name: heads.get(name).params(features, classes) for name in outputs}
    for column, (name, value) in zip(answers, outputs.items(), strict=True):
        with column.container(border=True, key=f"home_{name}", height="stretch", gap="xsmall"):
            st.markdown(f"**{heads.HEADS[name].label}**, {heads.HEADS[name].meaning}")
            st.markdown(value)
            formula = f"Then Dense, {heads.HEADS[name].formula}: **{costs[name]:,}** parameters"
            st.markdown(formula, help=meaning("Dense", "parameters"))
    with right:
        st.markdown(
            "Shift the map: the values of GAP and GMP stay the same, the numbers of Flatten change places. "
            + _comparison(side, times(costs["flatten"], costs["gap"]))
        )
    sides = sorted({*SIDES, side})
    lines = {name: [heads.get(name).params((size, size, channels), classes) for size in sides] for name in outputs}
    alt = (
        f"Parameters of the heads as the feature map grows: GAP and GMP keep {costs['gap']:,}, Flatten grows with the "
        f"area of the map, to {lines['flatten'][-1]:,} at side {sides[-1]}"
    )
    title = "height and width of the feature map"
    growth_chart.show(growth_chart.to_html(sides, lines, title, side, _LINES, alt), "home_lines")


play()

st.subheader(presets.LABEL, anchor=False)
with messages(go_on=True):
    presets.show_on_home(store().runs())

st.subheader("Three doors", anchor=False)
for column, (page, label, text) in zip(st.columns(3), DOORS, strict=True):
    with column.container(border=True, height="stretch"):
        link(page, label)
        st.write(text)
link("Claims", f"**Is it true?** {len(CLAIMS)} textbook claims, measured")

st.subheader("A tour in five steps", anchor=False)
tour.show()
