"""The controls of a training recipe: a recipe by name to start from, and one control per value."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from itertools import product
from typing import Any

import streamlit as st

from dashboard.common import controls
from dashboard.common.page import message_of
from tfpool import data
from tfpool.models.pretrained.applications import NETWORKS
from tfpool.training import Recipe
from tfpool.training.queue import plan_for
from tfpool.training.recipe import (
    CHOICES,
    FROM_SCRATCH,
    FULL,
    MEANINGS,
    PRETRAINED,
    RECIPES,
    WHY_PRETRAINED,
    Start,
    family,
    named,
    start_on,
)

PAGE = "train"


def follow_data_set() -> None:
    """Set network, recipe and number of images for a newly selected data set; a choice of the user's stays."""
    images = data.describe(st.session_state[f"{PAGE}_data"]).images[0]
    start = start_on(images)
    selected = (st.session_state[f"{PAGE}_networks"], st.session_state[f"{PAGE}_recipe"])
    if selected in [([other.network], other.recipe) for other in (FROM_SCRATCH, PRETRAINED) if other != start]:
        begin(start)
    # The number of a small data set would otherwise stay for a large one.
    st.session_state[f"{PAGE}_images"] = _default_images(st.session_state[f"{PAGE}_recipe"], images)


def _default_images(name: str, images: int) -> int:
    """Training images to start with: all for a full training, otherwise enough for a first look."""
    return images if name in FULL else min(RECIPES["quick"].train_images or images, images)


def begin(start: Start) -> None:
    """Set the controls to a network and a recipe."""
    st.session_state[f"{PAGE}_networks"] = [start.network]
    st.session_state[f"{PAGE}_recipe"] = start.recipe
    _fill()


def recipe(images: int, networks: Sequence[str]) -> Recipe:
    """Show the controls for so many training images and return their recipe; a ValueError if the values do not fit."""
    # Networks without pretrained weights train from scratch, however few the images.
    start = start_on(images) if set(networks) <= set(NETWORKS) else FROM_SCRATCH
    columns = st.columns(4)
    with columns[0]:
        name = st.selectbox(
            "Recipe",
            list(RECIPES),
            index=list(RECIPES).index(start.recipe),
            key=f"{PAGE}_recipe",
            on_change=_fill,
            bind="query-params",
            help="Fills in all settings below, which you can still change. Choose quick for a first look.",
        )
    base = named(name)
    with columns[1]:
        epochs = _number("Epochs", "epochs", base, 1, 1000)
    with columns[2]:
        default, help = _default_images(name, images), help_text("train_images")
        number = controls.whole_number("Training images", PAGE, "images", default, most=images, help=help)
    with columns[3]:
        seed = _number("Seed", "seed", base, 0, 2**31 - 1)
    families: dict[str, list[str]] = {}
    for network in networks:
        families.setdefault(family(network), []).append(network)
    if start_on(images) == PRETRAINED:
        _advise_pretrained(images, base)
    elif families and name not in (*families, "transfer"):
        recipes = "; ".join(f"{name} for {', '.join(members)}" for name, members in families.items())
        st.caption(f"For a full training, choose the recipe {recipes}.")
    with st.expander("Training settings"):
        details = _details(base)
    return Recipe(epochs=epochs, seed=seed, train_images=None if number == images else number, **details)


def nothing_to_train(networks: Sequence[str], heads: Sequence[str], data_name: str, recipe: Recipe) -> str:
    """What to change so that there is something to train; empty if there is."""
    absent = [part for part, chosen in (("one network", networks), ("one head", heads)) if not chosen]
    if absent:
        return f"Choose at least {' and '.join(absent)}."
    if recipe.freeze:
        data_set = data.load(data_name)
        try:
            for network, head in product(networks, heads):
                recipe.check(plan_for(network, head, data_set, recipe))
        except ValueError as error:
            return message_of(error)
    return ""


def _advise_pretrained(images: int, base: Recipe) -> None:
    text = f"{images:,} training images {WHY_PRETRAINED}"
    if base.weights:
        st.caption(text)
        return
    st.info(text)
    label = f"Use {PRETRAINED.network} with the recipe {PRETRAINED.recipe}"
    st.button(label, key=f"{PAGE}_pretrained", on_click=begin, args=(PRETRAINED,))


def _details(base: Recipe) -> dict[str, Any]:
    first, second, third = st.columns(3)
    values: dict[str, Any] = {}
    with first:
        values["optimizer"] = _select("Optimizer", "optimizer", base)
        values["learning_rate"] = _decimal("Learning rate", "learning_rate", base, 1.0)
        values["schedule"] = _select("Schedule", "schedule", base)
        values["warmup"] = _decimal("Warm-up, epochs", "warmup", base, 99.0)
    with second:
        values["batch_size"] = _number("Batch size, images", "batch_size", base, 1, 1024)
        values["weight_decay"] = _decimal("Weight decay", "weight_decay", base, 1.0)
        values["loss"] = _select("Loss", "loss", base)
        values["label_smoothing"] = _decimal("Label smoothing", "label_smoothing", base, 0.99)
        balanced = st.toggle("Balanced classes", _control_value("class_weight", base), **_bound("class_weight"))
        values["class_weight"] = "balanced" if balanced else None
    with third:
        values["initializer"] = _select("Initial weights", "initializer", base)
        values["precision"] = _select("Precision", "precision", base)
        values["device"] = _select("Device", "device", base)
        values["patience"] = _number("Patience, epochs", "patience", base, 0, 1000) or None
        pretrained = st.toggle("ImageNet weights", _control_value("weights", base), **_bound("weights"))
        values["weights"] = "imagenet" if pretrained else None
        values["image_size"] = _number("Image side, pixels", "image_size", base, 0, 1024) or None
    values["augment"] = _pills("Augmentation", "augment", base)
    values["freeze"] = _pills("Frozen parts", "freeze", base)
    return values


def _fill() -> None:
    """Set the controls to the values of the selected recipe, and to a network that it can train."""
    name = st.session_state[f"{PAGE}_recipe"]
    base = named(name)
    networks = st.session_state[f"{PAGE}_networks"]
    if base.weights:
        networks = [network for network in networks if network in NETWORKS] or [PRETRAINED.network]
    elif networks == [PRETRAINED.network]:
        networks = [FROM_SCRATCH.network]
    st.session_state[f"{PAGE}_networks"] = networks
    images = data.describe(st.session_state[f"{PAGE}_data"]).images[0]
    st.session_state[f"{PAGE}_images"] = _default_images(name, images)
    for field in fields(Recipe):
        if field.name != "train_images":
            # Were the key dropped instead, the browser would send the old value again.
            st.session_state[f"{PAGE}_{field.name}"] = _control_value(field.name, base)


def _control_value(name: str, base: Recipe) -> Any:
    """The value of a recipe as its control holds it: 0 for a number that is not set."""
    value = getattr(base, name)
    if name in ("weights", "class_weight"):
        return bool(value)
    if isinstance(value, tuple):
        return list(value)
    if Recipe.__dataclass_fields__[name].type == "float":
        return float(value)
    return 0 if value is None else value


def help_text(name: str) -> str:
    """What a value of a recipe means, as the help of its control."""
    meaning = MEANINGS.get(name, "")
    return meaning[:1].upper() + meaning[1:] + (" 0 turns this off." if name in ("patience", "image_size") else "")


def _number(label: str, name: str, base: Recipe, least: int, most: int) -> int:
    value = _control_value(name, base)
    return controls.whole_number(label, PAGE, name, value, most=most, least=least, help=help_text(name))


def _bound(name: str) -> dict[str, Any]:
    """What all controls have in common."""
    return {"key": f"{PAGE}_{name}", "help": help_text(name), "bind": "query-params"}


def _decimal(label: str, name: str, base: Recipe, most: float) -> float:
    return st.number_input(label, 0.0, most, _control_value(name, base), 1e-4, "%.4g", **_bound(name))


def _select(label: str, name: str, base: Recipe) -> str:
    return st.selectbox(label, CHOICES[name], CHOICES[name].index(_control_value(name, base)), **_bound(name))


def _pills(label: str, name: str, base: Recipe) -> tuple[str, ...]:
    default = _control_value(name, base)
    selected = st.pills(label, CHOICES[name], selection_mode="multi", default=default, **_bound(name))
    return tuple(choice for choice in CHOICES[name] if choice in selected)
