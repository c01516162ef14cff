"""Five short steps through two runs that ship: the question, the count, the curves, the maps, the evidence."""

from __future__ import annotations

from collections import Counter
from functools import cache
from html import escape

import numpy as np
import streamlit as st

from dashboard.common import charts, thumbnails
from dashboard.common.counts_in_words import number_of
from dashboard.common.page import link
from tfpool import examples
from tfpool.lab import finding
from tfpool.lab.claim import CLAIMS
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.run import Run

STEPS = ("The question", "Count", "Learn", "Look", "Believe")
_HEIGHT = 290
_SHOWN = 5
_FIRST = 3
"""The picture shown at first: both networks know it, so that their maps can be compared."""


def show() -> None:
    """The steps, one at a time, under a control that stands in the address."""
    st.fragment(_steps)()


def _steps() -> None:
    step = st.segmented_control(
        "Step",
        STEPS,
        default=STEPS[0],
        required=True,
        key="home_step",
        bind="query-params",
        label_visibility="collapsed",
    )
    runs = list(examples.runs().values())
    (_question, _count, _learn, _look, _believe)[STEPS.index(step)](runs)
    following = STEPS.index(step) + 1
    if following < len(STEPS):
        st.button(
            f"Next: {STEPS[following]}",
            key="home_next",
            icon=":material/arrow_forward:",
            on_click=_go,
            args=(following,),
        )


def _go(step: int) -> None:
    st.session_state["home_step"] = STEPS[step]


def _question(runs: list[Run]) -> None:
    first = runs[0]
    side, _, channels = first.plan.feature_shape
    st.markdown(
        f"Here are pictures of clothes, laid anywhere on a texture. One network, **{first.plan.backbone}**, was "
        "trained on them twice: once under **GAP**, once under **Flatten**. All else was equal: images, order, start, "
        f"epochs. Its last convolution leaves {channels} maps of {side}×{side} numbers for each picture, and one of "
        "ten names is wanted. Which head does better here?"
    )
    part = examples.maps().images
    names = first.spec["class_names"]
    st.image(
        [_picture(position, thumbnails.TILE) for position in range(_SHOWN)],
        caption=[names[label] for label in part.labels[:_SHOWN]],
        width=thumbnails.TILE,
        alt=[f"A picture of the class {names[label]}, in a frame" for label in part.labels[:_SHOWN]],
    )
    st.caption("The frame shows where the object lies. The networks never saw it.")


def _count(runs: list[Run]) -> None:
    plans = [run.plan for run in runs]
    gap, flatten = plans
    st.markdown(
        f"**{flatten.head_params:,}** parameters in Flatten's head, **{gap.head_params:,}** in GAP's: "
        f"{flatten.head_params / gap.head_params:,.0f} times as many, a weight for each position, channel and class. "
        f"The convolutions before them are the same {gap.backbone_params:,}."
    )
    st.plotly_chart(
        charts.parameter_bars(plans, False),
        key="home_tour_bars",
        alt=f"Parameters of GAP's network {gap.params:,}, of Flatten's {flatten.params:,}",
    )
    link("Parameters", "Count other networks")


def _learn(runs: list[Run]) -> None:
    told = []
    for run in runs:
        training, test = results.last(run, "accuracy") or 0.0, results.last(run, "test") or 0.0
        told.append(f"**{_head(run)}** knows {training:.1%} of the training images and **{test:.1%}** of test images")
    seen, unseen = runs[0].spec["recipe"]["train_images"], images_behind(runs[0])
    st.markdown(
        f"After {runs[0].epochs} passes (*epochs*) over {seen:,} training images: {'; '.join(told)}, {unseen:,} that "
        "no network saw before. Where the dotted line leaves the solid one behind, a network learns its images rather "
        "than the clothes. One run per head is one draw: the Claims page has several of each."
    )
    st.plotly_chart(
        charts.learning_curve(runs, "accuracy", "accuracy"),
        key="home_tour_curves",
        alt="Accuracy by epoch, on training images dotted and on validation images solid: at the end "
        + ", ".join(f"{_head(run)} {results.last(run, 'val_accuracy') or 0:.1%}" for run in runs),
    )
    link("Train", "Train two heads yourself")


def _look(runs: list[Run]) -> None:
    kept = examples.maps()
    names = runs[0].spec["class_names"]
    chosen = st.pills(
        "Picture",
        names,
        default=names[_FIRST],
        required=True,
        key="home_picture",
        bind="query-params",
        help="The first test image of each class",
    )
    position = [names[label] for label in kept.images.labels].index(chosen)
    pixels, label = kept.images.images[position], kept.images.labels[position]
    maps = {run.id: kept.heatmaps[run.id][position] for run in runs}
    limit = max(float(np.abs(each).max()) for each in maps.values())
    columns = st.columns(3)
    with columns[0]:
        st.markdown(f"**The picture**  \n{chosen}")
        st.image(
            _picture(position, _HEIGHT - 76), width=_HEIGHT - 76, alt=f"A picture of the class {chosen}, in a frame"
        )
    for column, run in zip(columns[1:], runs, strict=True):
        probabilities = kept.probabilities[run.id][position]
        said = int(probabilities.argmax())
        with column:
            wrong = "" if said == label else " (wrong)"
            st.markdown(f"**{_head(run)}** says {names[said]}{wrong},  \nand is {probabilities[said]:.0%} sure")
            st.plotly_chart(
                charts.evidence(pixels, maps[run.id], limit, f"evidence for {escape(chosen)}", _HEIGHT),
                key=f"home_tour_map_{run.id}",
                config={"displayModeBar": False},
                alt=f"Where {_head(run)} sees evidence for {chosen}, on the picture",
            )
    st.caption(
        "Red speaks for the true class, blue against it, on one scale. Behind these two heads the map is exact: "
        "before it is enlarged, its cells and the class's bias add up to the score."
    )
    link("CAM", "Look at other images, by other methods", cam_models=list(examples.runs()))


def _believe(runs: list[Run]) -> None:
    found = [finding.shipped(name) for name in CLAIMS]
    verdicts = Counter(each.judgement.verdict for each in found if each)
    counted = ", ".join(number_of(verdict, count) for verdict, count in verdicts.most_common())
    st.markdown(
        f"Two runs show what to look for and prove nothing. So each of {len(CLAIMS)} statements that textbooks make "
        f"about these heads was measured, over several runs of each: {counted}. In the end it is your images that "
        "decide: add them, and train both heads on them."
    )
    link("Claims", "What holds, and what does not")
    link("Data", "Add my own images")


@cache
def _picture(position: int, width: int) -> bytes:
    """A picture as a PNG file, made once for all visitors."""
    return thumbnails.as_png(examples.maps().images, position, width)


def _head(run: Run) -> str:
    return run.plan.head.label
