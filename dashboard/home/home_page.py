"""Home: a feature map to edit, what each head computes from it and costs, and a tour of two runs."""

import streamlit as st

from dashboard.common import growth_chart, presets
from dashboard.common.counts_in_words import times
from dashboard.common.glossary import meaning
from dashboard.common.page import link, messages, store
from dashboard.header import header
from dashboard.home import feature_map_editor, pooling_window, tour
from dashboard.home.feature_map_editor import HEADS, in_numbers
from tfpool.lab import CLAIMS
from tfpool.networks import heads

CHANNELS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096)
CLASSES = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000)
SIDES = (1, 2, 4, 7, 14, 28)
NEXT_PAGES = (
    ("Parameters", "**Count** parameters", "What each head costs, for any network, image size and number of classes."),
    ("Train", "**Train** two heads", "The same network with two heads, on real images, side by side."),
    ("CAM", "**Compare** class maps", "Where in an image each network finds evidence for a class, on one color scale."),
)
_LINES = 140
"""Height of the chart's area in pixels."""


def show() -> None:
    """Draw the page."""
    header(
        "Home",
        "A network's last convolution gives **feature maps**: small grids of numbers, one per channel, that show where "
        "in the image a pattern was found. The **head** turns them into one score per class, by global average pooling "
        "(**GAP**), global max pooling (**GMP**) or **Flatten**. Here are two maps of a made-up network that "
        "distinguishes cats from dogs. Change a cell, or choose a head to see its weights.",
    )
    # Its own fragment, so that a change draws nothing else of the page anew.
    st.fragment(feature_map_editor.edit)()
    link("Inside", "On a real image: maps, weights, scores")

    st.subheader("The parameters on maps of a real network", anchor=False)
    st.fragment(growth)()

    st.subheader("Pooling inside a network", anchor=False)
    st.markdown(
        "Between convolutions, networks such as VGG shrink their maps by **local pooling**: a window slides over the "
        "map and keeps its maximum or its mean. In training, the **gradient** flows back through the window: max "
        "pooling passes it to one cell, average pooling to all.",
        help=meaning("gradient"),
    )
    st.fragment(pooling_window.slide)()

    st.subheader("Well-known networks and their heads", anchor=False)
    st.markdown("Choose a network, then a page that shows it.")
    with messages(go_on=True):
        presets.show_on_home(store().runs())

    st.subheader("Where to go next", anchor=False)
    for column, (page, label, text) in zip(st.columns(3), NEXT_PAGES, strict=True):
        with column.container(border=True, height="stretch"):
            link(page, label)
            st.write(text)
    link("Claims", f"**Is it true?** {len(CLAIMS)} textbook claims, measured")

    st.subheader("A tour in five steps", anchor=False)
    tour.show()


def growth() -> None:
    """What the heads cost on maps as large as a real network's."""
    answer = st.container()
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
    shape = (side, side, channels)
    costs = {name: heads.get(name).params(shape, classes) for name in HEADS}
    ratio = times(costs["flatten"], costs["gap"])
    comparison = f", **{ratio}** as many" if ratio else ". With a single position all three cost the same"
    counts = [
        f"**{label}**, one weight per {counted} and class: "
        f"{formula} = {in_numbers(formula, shape, classes)} = **{costs[name]:,}**"
        for name, label, counted in (("gap", "GAP, GMP", "map"), ("flatten", "Flatten", "cell"))
        for formula in [heads.HEADS[name].formula]
    ]
    maps = f"With {channels:,} maps of {side} × {side} cells, {classes:,} classes, and one bias per class:"
    answer.markdown("  \n".join([maps, *counts]) + f"{comparison}.", help=meaning("Dense", "parameters"))
    sides = sorted({*SIDES, side})
    lines = {name: [heads.get(name).params((size, size, channels), classes) for size in sides] for name in HEADS}
    alt = (
        f"Parameters of the heads as the feature map grows: GAP and GMP keep {costs['gap']:,}, Flatten grows with the "
        f"area of the map, to {lines['flatten'][-1]:,} at side {sides[-1]}"
    )
    title = "height and width of the feature map"
    growth_chart.show(growth_chart.to_html(sides, lines, title, side, _LINES, alt), "home_lines")
