"""Home: what is this about? A feature map to edit, with GAP, GMP and Flatten computed live."""

import numpy as np
import pandas as pd
import streamlit as st

from dashboard import charts
from dashboard.choices import whole_number
from dashboard.page import header, link
from tfpool import heads

header(
    "Flatten or GAP?",
    "A network's last convolution leaves a stack of **feature maps**: one small grid of numbers a channel. What turns "
    "them into one score a class is called the **head**. Edit the map and see what each head makes of it.",
    name="Home",
)

PATTERNS = {
    "top left": np.array([[9, 6, 0, 0], [6, 3, 0, 0], [0, 0, 0, 0], [0, 0, 0, 0]]),
    "bottom right": np.array([[0, 0, 0, 0], [0, 0, 0, 0], [0, 0, 3, 6], [0, 0, 6, 9]]),
    "everywhere": np.array([[1, 2, 1, 2], [2, 1, 2, 1], [1, 2, 1, 2], [2, 1, 2, 1]]),
}

left, right = st.columns([2, 3], gap="large")
with left:
    pattern = st.segmented_control(
        "What the map saw", list(PATTERNS), default="top left", required=True, key="home_pattern", bind="query-params"
    )
    grid = pd.DataFrame(PATTERNS[pattern], columns=["1", "2", "3", "4"], dtype=float)
    edited = st.data_editor(
        grid, hide_index=True, key=f"home_map_{pattern}", alt="A feature map of 4 by 4 cells that can be edited"
    )
    st.caption("Click a cell and type another number.")
cells = edited.fillna(0).to_numpy()
with right:
    pooled = st.columns(2)
    pooled[0].metric("GAP: the mean", f"{cells.mean():.2f}", border=True, help="GlobalAveragePooling2D")
    pooled[1].metric("GMP: the maximum", f"{cells.max():.2f}", border=True, help="GlobalMaxPooling2D")
    st.metric("Flatten: all of it", f"{cells.size} numbers", border=True)
    st.code(" ".join(f"{value:g}" for value in cells.ravel()), language=None, wrap_lines=True)
    st.caption(
        "Move the pattern from corner to corner: GAP and GMP give the same. Flatten gives other numbers, so the layer "
        "after it needs a weight for each position."
    )

st.subheader("What that costs", anchor=False)
columns = st.columns(3)
with columns[0]:
    side = whole_number("Height and width H = W", "home", "side", 7, most=64)
with columns[1]:
    channels = whole_number("Channels C", "home", "channels", 512, most=4096)
with columns[2]:
    classes = whole_number("Classes K", "home", "classes", 1000, most=100_000)
gap, flatten = (head.params((side, side, channels), classes) for head in (heads.GAP(), heads.Flatten()))
costs = st.columns(3)
costs[0].metric(f"GAP + Dense: {heads.GAP.formula}", f"{gap:,}", border=True)
costs[1].metric(f"Flatten + Dense: {heads.Flatten.formula}", f"{flatten:,}", border=True)
costs[2].metric("Flatten needs", f"{flatten / gap:,.1f} times", border=True)
sides = sorted({1, 2, 4, 7, 14, 28, side})
lines = {
    name: [heads.get(name).params((each, each, channels), classes) for each in sides] for name in ("gap", "flatten")
}
st.plotly_chart(
    charts.size_lines(sides, lines, "height and width of the feature map"),
    key="home_lines",
    alt="Parameters of GAP and Flatten heads as the feature map grows: GAP stays level, Flatten grows with its area",
)

st.subheader("Three doors", anchor=False)
doors = st.columns(3)
with doors[0].container(border=True):
    link("Parameters", "**Count** it")
    st.write("What each head costs, over networks, image sizes and class counts.")
with doors[1].container(border=True):
    link("Train", "**Train** it")
    st.write("The same network under two heads, on real images, side by side.")
with doors[2].container(border=True):
    link("CAM", "**Look** at it")
    st.write("Where each of them looks in the same image, on one scale.")
link("Claims", "**Is it true?** What textbooks say about pooling, claim by claim, measured")
