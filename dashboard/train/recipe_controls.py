"""The controls of a training recipe: one by name to start from, and each of its values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

import streamlit as st

from dashboard.common import controls
from dashboard.common.glossary import meaning
from tfpool import data
from tfpool.models.pretrained.applications import NETWORKS
from tfpool.training import Recipe
from tfpool.training.recipe import (
    CHOICES,
    FROM_SCRATCH,
    FULL,
    PRETRAINED,
    RECIPES,
    WHY_PRETRAINED,
    Start,
    family,
    named,
    start_on,
)

PAGE = "train"
_FROZEN = (
    "What is not trained. A frozen backbone makes the same of an image each time: that is computed once and kept "
    "beside the runs, up to 10 GB, the longest unused going first"
)
_OPTIMIZER = (
    "How a step follows from the slopes of the loss: adam scales each weight's step by itself, adamw does and keeps "
    "weight decay apart, sgd steps straight down with momentum 0.9"
)
_SCHEDULE = (
    "How the learning rate goes: cosine falls to zero in a curve, step to a tenth after a half and again after three "
    "quarters, onecycle rises for three tenths and falls to zero, constant stays"
)
_LOSS = (
    f"{meaning('loss')}. cross_entropy: how surprised the network is by the true class; focal: the same, with "
    "easy images counting less; hinge: by how much the true class fails to win by one"
)
_INITIALIZER = (
    "How large the random numbers are that the weights begin as: glorot by the units on both sides of a layer, he "
    "larger, for layers with ReLU"
)
_AUGMENT = (
    "How training images are changed each time they are seen: flip left to right, shift by up to an eighth, crop to 80 "
    "to 100 % of each side, cutout of a square of a third of the side"
)
_RATE = f"{meaning('learning rate')}, at its highest: too small learns slowly, too large not at all"


def follow() -> None:
    """Let images, network and recipe follow a newly chosen data set; the latter unless somebody has chosen others."""
    images = data.describe(st.session_state[f"{PAGE}_data"]).images[0]
    to = start_on(images)
    chosen = (st.session_state[f"{PAGE}_networks"], st.session_state[f"{PAGE}_recipe"])
    if chosen in [([each.network], each.recipe) for each in (FROM_SCRATCH, PRETRAINED) if each != to]:
        begin(to)
    # Else a small data set's number would stay for a large one.
    st.session_state[f"{PAGE}_images"] = _used(st.session_state[f"{PAGE}_recipe"], images)


def _used(name: str, images: int) -> int:
    """Training images to begin with: all for a full training, else enough for a first look."""
    return images if name in FULL else min(RECIPES["quick"].train_images or images, images)


def begin(start: Start) -> None:
    """Let the controls take a network and a recipe."""
    st.session_state[f"{PAGE}_networks"] = [start.network]
    st.session_state[f"{PAGE}_recipe"] = start.recipe
    _fill()


def recipe(images: int, networks: Sequence[str]) -> Recipe:
    """Draw the controls and return what they say.

    Args:
        images: how many training images there are.
        networks: what is to be trained, to name the recipes of their families.

    Raises:
        ValueError: if the values do not go together.
    """
    # What has no weights to begin with learns from the start, however few the images.
    begun = start_on(images) if set(networks) <= set(NETWORKS) else FROM_SCRATCH
    columns = st.columns(4)
    with columns[0]:
        name = st.selectbox(
            "Recipe",
            list(RECIPES),
            index=list(RECIPES).index(begun.recipe),
            key=f"{PAGE}_recipe",
            on_change=_fill,
            bind="query-params",
            help="Values to start from: quick to look, or one for a family of networks. Any can be changed below",
        )
    start = named(name)
    with columns[1]:
        epochs = _number("Epochs", "epochs", start, 1, 1000, meaning("epoch"))
    with columns[2]:
        help = "Fewer of them train faster and teach less"
        number = controls.whole_number("Training images", PAGE, "images", _used(name, images), most=images, help=help)
    with columns[3]:
        seed = _number("Seed", "seed", start, 0, 2**31 - 1, meaning("seed"))
    families: dict[str, list[str]] = {}
    for network in networks:
        families.setdefault(family(network), []).append(network)
    if start_on(images) == PRETRAINED:
        _few(images, start)
    elif families and name not in (*families, "transfer"):
        recipes = "; ".join(f"{name} for {', '.join(of)}" for name, of in families.items())
        st.caption(f"For a full training choose a recipe: {recipes}.")
    with st.expander("How it is trained"):
        details = _details(start)
    return Recipe(epochs=epochs, seed=seed, train_images=None if number == images else number, **details)


def _few(images: int, start: Recipe) -> None:
    told = f"{images:,} training images {WHY_PRETRAINED}"
    if start.weights:
        st.caption(told)
        return
    st.info(told)
    label = f"Take {PRETRAINED.network} and the recipe {PRETRAINED.recipe}"
    st.button(label, key=f"{PAGE}_pretrained", on_click=begin, args=(PRETRAINED,))


def _details(start: Recipe) -> dict[str, Any]:
    first, second, third = st.columns(3)
    values: dict[str, Any] = {}
    with first:
        values["optimizer"] = _select("Optimizer", "optimizer", start, _OPTIMIZER)
        values["learning_rate"] = _fraction("Learning rate", "learning_rate", start, 1.0, _RATE)
        values["schedule"] = _select("Schedule", "schedule", start, _SCHEDULE)
        values["warmup"] = _fraction("Warm-up, epochs", "warmup", start, 99.0, "It rises for so long first")
    with second:
        values["batch_size"] = _number("Batch size, images", "batch_size", start, 1, 1024, "Images per step")
        values["weight_decay"] = _fraction(
            "Weight decay", "weight_decay", start, 1.0, "Share of each weight that a step takes off, times the rate"
        )
        values["loss"] = _select("Loss", "loss", start, _LOSS)
        values["label_smoothing"] = _fraction(
            "Label smoothing", "label_smoothing", start, 0.99, "Share of the label that is spread over all classes"
        )
    with third:
        values["initializer"] = _select("Initial weights", "initializer", start, _INITIALIZER)
        values["precision"] = _select("Precision", "precision", start, "mixed_bfloat16 computes in half the memory")
        help = "Stop after so many without a lower validation loss; 0: never"
        patience = _number("Patience, epochs", "patience", start, 0, 1000, help)
        values["patience"] = patience or None
        values["weights"] = "imagenet" if _toggle("ImageNet weights", "weights", start) else None
        size = _number("Image side, pixels", "image_size", start, 0, 1024, "Images are resized to it; 0: as they are")
        values["image_size"] = size or None
    values["augment"] = _pills("Augmentation", "augment", start, _AUGMENT)
    values["freeze"] = _pills("Frozen parts", "freeze", start, _FROZEN)
    return values


def _fill() -> None:
    """Let the controls take the values of the recipe that was just chosen, and a network that it can train."""
    name = st.session_state[f"{PAGE}_recipe"]
    start = named(name)
    networks = st.session_state[f"{PAGE}_networks"]
    if start.weights:
        networks = [each for each in networks if each in NETWORKS] or [PRETRAINED.network]
    elif networks == [PRETRAINED.network]:
        networks = [FROM_SCRATCH.network]
    st.session_state[f"{PAGE}_networks"] = networks
    images = data.describe(st.session_state[f"{PAGE}_data"]).images[0]
    st.session_state[f"{PAGE}_images"] = _used(name, images)
    for field in fields(Recipe):
        if field.name == "train_images":
            continue
        key = f"{PAGE}_{field.name}"
        # A control whose key is dropped instead would send what it shows once more.
        st.session_state[key] = _shown(field.name, start)


def _shown(name: str, start: Recipe) -> Any:
    """What a control shows for a recipe's value."""
    value = getattr(start, name)
    if name == "weights":
        return bool(value)
    if isinstance(value, tuple):
        return list(value)
    if next(field.type for field in fields(Recipe) if field.name == name) == "float":
        return float(value)
    return 0 if value is None else value


def _number(label: str, name: str, start: Recipe, least: int, most: int, help: str) -> int:
    return controls.whole_number(label, PAGE, name, _shown(name, start), most=most, least=least, help=help)


def _fraction(label: str, name: str, start: Recipe, most: float, help: str) -> float:
    return st.number_input(
        label, 0.0, most, _shown(name, start), 1e-4, "%.4g", key=f"{PAGE}_{name}", help=help, bind="query-params"
    )


def _toggle(label: str, name: str, start: Recipe) -> bool:
    help = "Start the backbone from them; SqueezeNet's are bundled"
    return st.toggle(label, _shown(name, start), key=f"{PAGE}_{name}", help=help, bind="query-params")


def _select(label: str, name: str, start: Recipe, help: str) -> str:
    options = CHOICES[name]
    position = options.index(_shown(name, start))
    return st.selectbox(label, options, position, key=f"{PAGE}_{name}", help=help, bind="query-params")


def _pills(label: str, name: str, start: Recipe, help: str) -> tuple[str, ...]:
    chosen = st.pills(
        label,
        CHOICES[name],
        selection_mode="multi",
        default=_shown(name, start),
        key=f"{PAGE}_{name}",
        help=help,
        bind="query-params",
    )
    return tuple(each for each in CHOICES[name] if each in chosen)
