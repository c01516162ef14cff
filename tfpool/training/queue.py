"""From a plan to a run: check, queue, start workers, wait. Loads no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from tfpool import data as data_sets
from tfpool.counting.plan import Plan, plan
from tfpool.data import DataSet
from tfpool.models.pretrained import NETWORKS
from tfpool.networks import graph
from tfpool.networks.heads import Head
from tfpool.tracking.store import RunStore
from tfpool.training.recipe import Recipe


def enqueue(
    plans: Sequence[Plan],
    data: str,
    recipe: Recipe,
    store: RunStore,
    seeds: Sequence[int] | None = None,
    sweep: str | None = None,
) -> list[str]:
    """Check that plans, data set and recipe fit together, queue a run for each plan and seed, and return their ids.

    Raises:
        ValueError: if one does not fit, saying what would; none is queued then.
    """
    images = data_sets.load(data)
    for each in plans:
        _check(each, images, recipe)
    recipes = [recipe] if seeds is None else [replace(recipe, seed=seed) for seed in seeds]
    return [store.add(spec(each, images, seeded), sweep) for seeded in recipes for each in plans]


def spec(plan: Plan, images: DataSet, recipe: Recipe) -> dict[str, Any]:
    """Plain data of all that a run follows from."""
    names = list(images.class_names)
    return {"plan": plan.spec, "data": images.source, "class_names": names, "recipe": recipe.config}


def fitting(backbone: str, head: str | Head, images: DataSet, recipe: Recipe, **settings: Any) -> Plan:
    """The plan of a network and a head for the images and classes of a data set, as the recipe has them read."""
    return plan(backbone, head, _shape(images, recipe), images.classes, **settings)


def enqueue_heads(
    backbone: str, heads: Sequence[str], data: str, recipe: Recipe, store: RunStore, **settings: Any
) -> list[str]:
    """Queue one network under several heads, all or none, sized for the data set's images and classes."""
    return enqueue(_plans([backbone], heads, data, recipe, settings), data, recipe, store)


def enqueue_sweep(
    backbones: Sequence[str],
    heads: Sequence[str],
    seeds: int,
    data: str,
    recipe: Recipe,
    store: RunStore,
    name: str | None = None,
    **settings: Any,
) -> list[str]:
    """Queue every network under every head with so many seeds, from the recipe's on, as one group, all or none."""
    plans = _plans(backbones, heads, data, recipe, settings)
    return enqueue(plans, data, recipe, store, range(recipe.seed, recipe.seed + seeds), name)


def _plans(
    backbones: Sequence[str], heads: Sequence[str], data: str, recipe: Recipe, settings: Mapping[str, Any]
) -> list[Plan]:
    images = data_sets.load(data)
    return [fitting(backbone, head, images, recipe, **settings) for backbone in backbones for head in heads]


def _check(plan: Plan, images: DataSet, recipe: Recipe) -> None:
    for value, kind, example in ((plan, Plan, "tp.plan('resnet8')"), (recipe, Recipe, "tp.Recipe(epochs=5)")):
        if not isinstance(value, kind):
            raise ValueError(f"A {kind.__name__} is needed, such as {example}, got {value!r}.")
    wanted = _shape(images, recipe)
    if any(size is not None and size != actual for size, actual in zip(plan.input_shape, wanted, strict=True)):
        raise ValueError(
            f"{images.name} has images of {graph.text(wanted)}, the plan takes "
            f"{graph.text(plan.input_shape)}. Plan again with input_shape={wanted}."
        )
    if plan.classes != images.classes:
        raise ValueError(
            f"{images.name} has {images.classes} classes, the plan has {plan.classes}. "
            f"Plan again with classes={images.classes}."
        )
    if recipe.weights and plan.backbone not in NETWORKS:
        raise ValueError(f"There are no ImageNet weights for {plan.backbone}. Use one of: {', '.join(NETWORKS)}.")
    recipe.check(plan)


def _shape(images: DataSet, recipe: Recipe) -> tuple[int, int, int]:
    """(height, width, channels) of the images as the network is to read them."""
    height, width, channels = images.image_shape
    if recipe.image_size is not None:
        height = width = recipe.image_size
    return height, width, 3 if recipe.weights else channels
