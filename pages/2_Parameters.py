"""Parameters: what does each head cost, over networks, image sizes and class counts?"""

from itertools import product

import pandas as pd
import streamlit as st

from dashboard.common import charts, controls, growth_chart
from dashboard.common.cached_plans import CLASSES, counted, over_classes, over_sides
from dashboard.common.controls import SIDES, head_label
from dashboard.common.counts_in_words import times
from dashboard.common.glossary import meaning
from dashboard.common.page import link, messages, plain, store
from dashboard.header import header
from dashboard.runs import ranking, result_charts
from tfpool.counting.comparison import compare
from tfpool.counting.plan import Plan
from tfpool.networks import graph
from tfpool.networks.catalog import CATALOG
from tfpool.tracking import results
from tfpool.tracking.query import is_lab, split_countable, uncountable_text

AXES = ("image side", "classes")
COUNTS = {
    "head parameters": meaning("head"),
    "backbone parameters": meaning("backbone"),
    "parameters": meaning("parameters"),
    "MACs": meaning("MACs"),
}
# The smallest networks were published for images of this side, in pixels.
SMALL = 32
_LINES = 240
"""Height of the line chart in pixels."""

header("Parameters", "What does each head cost, over networks, image sizes and class counts?")


def counted_plans(networks: list[str], heads: list[str], side: int, classes: int) -> list[Plan]:
    """The plans, network by network. What cannot be counted is shown with the reason."""
    plans: list[Plan] = []
    failures: dict[str, dict[str, list[str]]] = {}
    for name, head in product(networks, heads):
        try:
            plans.append(counted(name, head, side, classes))
        except ValueError as error:
            failures.setdefault(str(error), {}).setdefault(name, []).append(head_label(head))
    for reason, failed in failures.items():
        names = "; ".join(f"{', '.join(labels)} on {name}" for name, labels in failed.items())
        st.warning(f"Left out: {names}. {plain(reason)}")
    return plans


def answer(plans: list[Plan]) -> None:
    most = max(plans, key=lambda plan: plan.head_params)
    least = min(plans, key=lambda plan: plan.head_params)
    if most.head_params == least.head_params:
        st.markdown(f"Each of these heads has **{most.head_params:,}** parameters.")
        return
    ratio = times(most.head_params, least.head_params)
    comparison = f": the largest has {ratio} as many" if ratio else ""
    st.markdown(
        f"The largest head is **{most.head.label}** on **{most.backbone}**: **{most.head_params:,}** "
        f"parameters, {most.head_params / most.params:.1%} of the whole network. The smallest is "
        f"**{least.head.label}** on **{least.backbone}** with **{least.head_params:,}**{comparison}."
    )


def bars(plans: list[Plan]) -> None:
    log = st.toggle(
        "Log scale",
        key="parameters_log",
        bind="query-params",
        help="Makes small heads visible: each grid line stands for ten times the one before. Backbone and head get a "
        "bar each, because stacked bars mislead on a logarithmic scale.",
    )
    numbers = ", ".join(f"{plan.name} {plan.backbone_params:,} and {plan.head_params:,}" for plan in plans)
    alt = f"Parameters of backbone and head: {numbers}"
    st.plotly_chart(charts.parameter_bars(plans, log), key="parameters_bars", alt=alt)


def curves(networks: list[str], heads: list[str], side: int, classes: int) -> None:
    st.subheader("How the heads grow", anchor=False)
    columns = st.columns(2)
    with columns[0]:
        by = controls.one_of("Horizontal axis", AXES, "parameters_by")
    network = networks[0]
    if networks[1:]:
        network = columns[1].selectbox("Network of the curves", networks, key="parameters_of", bind="query-params")
    if by == "classes":
        places, here, title = sorted({*CLASSES, classes}), classes, "classes"
        lines = over_classes(network, heads, side, places)
    else:
        least = CATALOG[network].input_shape[0] if CATALOG[network].input_shape[0] == SMALL else 2 * SMALL
        places = sorted({size for size in SIDES if size >= least and size % (2 * SMALL) == 0} | {least, side})
        here, title = side, "image side, pixels"
        lines = over_sides(network, heads, places, classes)
    ranges = ", ".join(f"{head_label(name)} {_range(line)}" for name, line in lines.items())
    alt = f"Parameters of each head of {network} over {title} from {places[0]:,} to {places[-1]:,}: {ranges}"
    growth_chart.show(growth_chart.to_html(places, lines, title, here, _LINES, alt), "parameters_lines")


def _range(line: list[int | None]) -> str:
    values = [value for value in line if value is not None]
    return f"from {values[0]:,} to {values[-1]:,}" if values else "at no size"


def own_runs() -> None:
    st.subheader("Accuracy against parameters: my runs", anchor=False)
    runs, unknown = split_countable([run for run in store().runs() if not is_lab(run)])
    if unknown:
        st.caption(plain(uncountable_text(unknown)))
    tested = list(dict.fromkeys(run.spec["data"] for run in runs if run.state == "done" and run.result))
    if not tested:
        st.info("Train two heads to see whether more parameters buy accuracy.")
        link("Train", "Train two heads")
        return
    names = {results.data_name(run): run.spec["data"] for run in runs if run.spec["data"] in tested}
    chosen = next(iter(names))
    if len(names) > 1:
        chosen = st.selectbox("Data set", list(names), key="parameters_data", bind="query-params")
    groups = results.groups([run for run in runs if run.spec["data"] == names[chosen]])
    labels = ranking.labels(groups)
    means = ", ".join(f"{name} {group.mean:.1%}" for name, group in zip(labels, groups, strict=True))
    alt = f"Test accuracy and parameters on {chosen}: {means}"
    st.plotly_chart(result_charts.cost_dots(groups, labels), key="parameters_runs", alt=alt)
    st.caption(f"On {plain(chosen)}. Dot: the mean over seeds. Bar, with several seeds: its 95 % interval.")


def table(plans: list[Plan]) -> None:
    st.subheader("The numbers", anchor=False)
    columns = {
        "network": [plan.backbone for plan in plans],
        "head": [plan.head.label for plan in plans],
        "head parameters": [plan.head_params for plan in plans],
        "backbone parameters": [plan.backbone_params for plan in plans],
        "parameters": [plan.params for plan in plans],
        "MACs": [plan.macs for plan in plans],
        "features H×W×C": [graph.text(plan.feature_shape) for plan in plans],
        "weights": [plan.weight_bytes / 1e6 for plan in plans],
    }
    st.dataframe(
        pd.DataFrame(columns),
        hide_index=True,
        column_config={
            **{name: st.column_config.NumberColumn(format="localized", help=help) for name, help in COUNTS.items()},
            "features H×W×C": st.column_config.TextColumn(help="Height × width × channels of the last feature map"),
            "weights": st.column_config.NumberColumn(format="%.2f MB", help="Memory for all parameters"),
        },
        alt="Parameters of head and backbone, MACs and memory of each network",
    )
    st.download_button(
        "Download, CSV",
        lambda: pd.DataFrame(compare(plans).records()).to_csv(index=False),
        "parameters.csv",
        "text/csv",
        key="parameters_download",
        icon=":material/download:",
        on_click="ignore",
    )


@st.fragment
def count() -> None:
    """Everything that depends on the controls. The rest of the page is not drawn again when they change."""
    columns = st.columns([3, 4])
    with columns[0]:
        networks = controls.networks("parameters", ["resnet20", "resnet50"])
    with columns[1]:
        heads = controls.heads("parameters", ["gap", "gmp", "flatten"])
    columns = st.columns([3, 1], vertical_alignment="bottom")
    side = columns[0].slider(
        "Image side, pixels", SIDES[0], SIDES[-1], 224, SIDES.step, key="parameters_side", bind="query-params"
    )
    with columns[1]:
        classes = controls.whole_number("Classes", "parameters", "classes", 1000, most=100_000)
    if networks and heads:
        if plans := counted_plans(networks, heads, side, classes):
            answer(plans)
            bars(plans)
        curves(networks, heads, side, classes)
        if plans:
            table(plans)
    else:
        st.info("Choose at least one network and one head.")


count()
with messages():
    own_runs()
