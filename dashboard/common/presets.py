"""Networks as in the article: the state of Build, Parameters, Inside and CAM that shows each of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import streamlit as st

from dashboard.common import controls
from dashboard.common.page import link, plain
from tfpool.models.pretrained.applications import APPLICATIONS
from tfpool.networks.catalog import find
from tfpool.networks.graph import known_size
from tfpool.tracking.query import is_lab, split_countable
from tfpool.tracking.run import Run

LABEL = "Networks as in the article"


class Preset(NamedTuple):
    """A network with the heads that it was published with.

    Attributes:
        network: its name in the catalog.
        heads: names of its heads as published.
        against: the head to compare it with.
        family: what names of networks of its kind begin with.
        small: the smallest network of its kind, to be trained.
        stand_in: the trained model that ships and is most like it.
        why: what the stand-in is; empty if it is the network itself.
    """

    network: str
    heads: tuple[str, ...]
    against: str
    family: str
    small: str
    stand_in: str
    why: str

    @property
    def build(self) -> dict[str, Any]:
        """Values of Build's controls by their keys; image size and classes are the published ones."""
        other = [*self.heads[1:], self.against][0]
        return {"build_network": self.network, "build_head": self.heads[0], "build_against": other}


PRESETS = {
    "ResNet + GAP": Preset(
        "resnet50",
        ("gap",),
        "flatten",
        "resnet",
        "resnet8",
        "example-gap",
        "a small ResNet with GAP, trained on clothes",
    ),
    "VGG + Flatten and FC": Preset(
        "vgg16",
        ("fc", "flatten"),
        "gap",
        "vgg",
        "vgg11",
        "example-flatten",
        "a small ResNet with a weight for each position",
    ),
    "NIN": Preset("nin_cifar", ("nin",), "flatten", "nin", "nin_cifar", "squeezenet", "which ends in the same head"),
    "SqueezeNet": Preset("squeezenet", ("nin",), "flatten", "squeezenet", "squeezenet", "squeezenet", ""),
    "AlexNet": Preset(
        "alexnet",
        ("fc",),
        "gap",
        "alexnet",
        "alexnet",
        "example-flatten",
        "a small ResNet with a weight for each position",
    ),
}
_PHOTOGRAPH = "cat"
"""Of the bundled photographs, the one for a network with the classes of ImageNet."""


def show_on_build(runs: Sequence[Run]) -> None:
    """A control that puts a preset into Build's controls, and links to the other pages while one is there."""
    values = {key: st.session_state[key] for key in ("build_network", "build_head", "build_against")}
    is_published = st.session_state["build_side"] is None and st.session_state["build_classes"] is None
    chosen = [label for label, preset in PRESETS.items() if is_published and preset.build == values]
    st.session_state["build_preset"] = chosen[0] if chosen else None
    st.pills(LABEL, list(PRESETS), key="build_preset", on_change=_choose_on_build)
    if chosen:
        links(PRESETS[chosen[0]], runs, ("Parameters", "Inside", "CAM"))


def _choose_on_build() -> None:
    if label := st.session_state["build_preset"]:
        st.session_state.update({**PRESETS[label].build, "build_side": None, "build_classes": None})


@st.fragment
def show_on_home(runs: Sequence[Run]) -> None:
    """A control that chooses a preset, and links to the pages that show it."""
    label = st.pills(
        LABEL,
        list(PRESETS),
        default=next(iter(PRESETS)),
        required=True,
        key="home_preset",
        bind="query-params",
        label_visibility="collapsed",
    )
    links(PRESETS[label], runs, ("Build", "Parameters", "Inside", "CAM"))


def links(preset: Preset, runs: Sequence[Run], pages: Sequence[str]) -> None:
    """Links to these pages in the preset's state, and a sentence on the models that Inside and CAM show."""
    models = trained(preset, runs)
    st.caption(_about(preset, models))
    settings = _settings(preset, models or [preset.stand_in])
    with st.container(horizontal=True, gap="small"):
        for page in pages:
            link(page, **settings[page])
        if not models and preset.why:
            link("Train", f"Train {preset.small}", **settings["Train"])


def trained(preset: Preset, runs: Sequence[Run]) -> list[str]:
    """Ids of the newest runs of such a network with each of its heads. SqueezeNet has its own weights."""
    if not preset.why:
        return []
    known, _ = split_countable([run for run in runs if run.spec["plan"]["backbone"].startswith(preset.family)])
    newest = {run.plan.head.name: run.id for run in reversed(known) if run.model_path.exists() and not is_lab(run)}
    return [newest[head] for head in preset.heads if head in newest]


def _about(preset: Preset, models: Sequence[str]) -> str:
    if models:
        return f"Inside and CAM show **{plain(' and '.join(models))}**, trained here."
    if not preset.why:
        return "Inside and CAM show the network itself, with its ImageNet weights."
    text = f"Inside and CAM show **{preset.stand_in}**, {preset.why}, until such a network is trained here."
    if preset.network not in APPLICATIONS:
        return text
    return f"{text} Or choose {preset.network} there: its ImageNet weights are downloaded."


def _settings(preset: Preset, models: Sequence[str]) -> dict[str, dict[str, Any]]:
    """By page, values of its controls in the address, which has the labels of heads."""
    entry, heads = find(preset.network), [*preset.heads, preset.against]
    image = {"source": "photographs", "photograph": _PHOTOGRAPH} if models[0] == "squeezenet" else {}
    labels = {key: controls.head_label(preset.build[key]) for key in ("build_head", "build_against")}
    return {
        "Build": {**preset.build, **labels},
        "Parameters": controls.of_parameters(preset.network, heads, known_size(entry.input_shape[0]), entry.classes),
        "Train": controls.of_training(preset.small, preset.heads),
        "Inside": {"inside_model": models[0], **{f"inside_{key}": value for key, value in image.items()}},
        "CAM": {"cam_models": list(models), **{f"cam_{key}": value for key, value in image.items()}},
    }
