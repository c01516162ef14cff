"""A tour in five steps through the two example runs: the question, the counts, the curves, the maps, the evidence."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import streamlit as st

from dashboard.common import charts, controls, thumbnails
from dashboard.common.counts_in_words import number_of
from dashboard.common.page import link
from tfpool import examples
from tfpool.lab import finding
from tfpool.lab.claim import CLAIMS
from tfpool.tracking import results
from tfpool.tracking.confidence import images_behind
from tfpool.tracking.run import Run

STEPS = ("The question", "Count", "Learn", "Look", "Check")
_RENAMED = {"Believe": "Check"}
"""Earlier names of steps, which stand in links."""
_HEIGHT = 290
CAT = {"cam_models": "squeezenet", "cam_photograph": "cat"}
"""The CAM page with a photograph and a network with 1,000 classes."""
_SAMPLES = 5
_FIRST = 9
"""The default picture, an ankle boot: both networks predict its class, so that their maps can be compared."""


def show() -> None:
    """One step at a time, chosen by a control whose value is in the address."""
    st.fragment(_steps)()


def _steps() -> None:
    if named := _RENAMED.get(st.query_params.get("home_step", "")):
        st.session_state["home_step"] = st.query_params["home_step"] = named
    step = controls.one_of("Step", STEPS, "home_step", label_visibility="collapsed")
    runs = list(examples.runs().values())
    (_question, _count, _learn, _look, _check)[STEPS.index(step)](runs)
    following = STEPS.index(step) + 1
    if following < len(STEPS):
        label, icon = f"Next: {STEPS[following]}", ":material/arrow_forward:"
        st.button(label, key="home_next", icon=icon, on_click=_go, args=(following,))


def _go(step: int) -> None:
    st.session_state["home_step"] = STEPS[step]


def _question(runs: list[Run]) -> None:
    first = runs[0]
    side, _, channels = first.plan.feature_shape
    st.markdown(
        f"These are pictures of clothes, placed anywhere on a texture. One network, **{first.plan.backbone}**, was "
        "trained on them twice: once with **GAP**, once with **Flatten**. Everything else was equal: images, their "
        f"order, initial weights, epochs. Its last convolution gives {channels} maps of {side}×{side} numbers per "
        "picture, and the network has to pick one of ten classes. Which head does better here?"
    )
    images = examples.maps().images
    names = first.spec["class_names"]
    st.image(
        [_picture(position, thumbnails.TILE) for position in range(_SAMPLES)],
        caption=[names[label] for label in images.labels[:_SAMPLES]],
        width=thumbnails.TILE,
        alt=[f"A picture of the class {names[label]}, in a frame" for label in images.labels[:_SAMPLES]],
    )
    st.caption("The frame shows where the object is. The networks never saw the frame.")


def _count(runs: list[Run]) -> None:
    plans = [run.plan for run in runs]
    gap, flatten = plans
    st.markdown(
        f"**{flatten.head_params:,}** parameters in Flatten's head, **{gap.head_params:,}** in GAP's: "
        f"{flatten.head_params / gap.head_params:,.0f} times as many. Flatten has one weight per position, "
        "channel and class, GAP one per channel and class. "
        f"The convolutions before the head have the same {gap.backbone_params:,} parameters."
    )
    st.plotly_chart(
        charts.parameter_bars(plans, False),
        key="home_tour_bars",
        alt=f"Parameters of the network with GAP: {gap.params:,}, with Flatten: {flatten.params:,}",
    )
    link("Parameters", "Count other networks")


def _learn(runs: list[Run]) -> None:
    accuracies = []
    for run in runs:
        training, test = results.last(run, "accuracy") or 0.0, results.last(run, "test") or 0.0
        accuracies.append(
            f"**{_head(run)}** {training:.1%} of the training images and **{test:.1%}** of the test images"
        )
    seen, unseen = runs[0].spec["recipe"]["train_images"], images_behind(runs[0])
    st.markdown(
        f"Correct predictions after {runs[0].epochs} passes (*epochs*) over {seen:,} training images: "
        f"{'; '.join(accuracies)}. Neither network was trained on the {unseen:,} test images. Where the dotted line "
        "(training) rises above the solid one (validation), the network **overfits**: it does better on the images it "
        "was trained on than on new ones. The Claims page has several runs per head."
    )
    st.plotly_chart(
        charts.learning_curve(runs, "accuracy", "accuracy"),
        key="home_tour_curves",
        alt="Accuracy by epoch, on training images dotted and on validation images solid: at the end "
        + ", ".join(f"{_head(run)} {results.last(run, 'val_accuracy') or 0:.1%}" for run in runs),
    )
    link("Train", "Train two heads yourself")


def _look(runs: list[Run]) -> None:
    maps = examples.maps()
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
    position = [names[label] for label in maps.images.labels].index(chosen)
    pixels, label = maps.images.images[position], maps.images.labels[position]
    heatmaps = {run.id: maps.heatmaps[run.id][position] for run in runs}
    limit = max(float(np.abs(heatmap).max()) for heatmap in heatmaps.values())
    columns = st.columns(3)
    with columns[0]:
        st.markdown(f"**The picture**  \n{chosen}")
        st.image(
            _picture(position, _HEIGHT - 76), width=_HEIGHT - 76, alt=f"A picture of the class {chosen}, in a frame"
        )
    for column, run in zip(columns[1:], runs, strict=True):
        probabilities = maps.probabilities[run.id][position]
        predicted = int(probabilities.argmax())
        with column:
            wrong = "" if predicted == label else " (wrong)"
            st.markdown(
                f"**{_head(run)}** predicts {names[predicted]}{wrong},  \nprobability {probabilities[predicted]:.0%}"
            )
            st.plotly_chart(
                charts.evidence(pixels, heatmaps[run.id], limit, f"evidence for {charts.escaped(chosen)}", _HEIGHT),
                key=f"home_tour_map_{run.id}",
                config={"displayModeBar": False},
                alt=f"Where {_head(run)} finds evidence for {chosen}, on the picture",
            )
    st.caption(
        "Red is evidence for the true class, blue against it, on one color scale. With these two heads the map is "
        "exact: before it is enlarged, its cells and the bias of the class add up to the score."
    )
    link("CAM", "A cat, seen by a network with 1,000 classes", **CAT)
    link("CAM", "Other clothes, with other methods", cam_models=list(examples.runs()))


def _check(runs: list[Run]) -> None:
    findings = [finding.shipped(name) for name in CLAIMS]
    verdicts = Counter(shipped.judgement.verdict for shipped in findings if shipped)
    counts = ", ".join(number_of(verdict, count) for verdict, count in verdicts.most_common())
    st.markdown(
        f"Two runs are an example, not evidence. So {len(CLAIMS)} textbook claims about these heads were measured, "
        f"each over several runs: {counts}. What counts in the end is your own images: add them and train both heads."
    )
    link("Claims", "Which claims hold")
    link("Data", "Add my own images")


@cache
def _picture(position: int, width: int) -> bytes:
    """A picture as a PNG file, encoded once for all visitors."""
    return thumbnails.as_png(examples.maps().images, position, width)


def _head(run: Run) -> str:
    return run.plan.head.label
