"""From plans to queued runs, after checking that plan, data set and recipe fit. Loads no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from tfpool import data as data_sets
from tfpool.counting.plan import Plan, plan
from tfpool.data import DataSet
from tfpool.data.custom import storage
from tfpool.models.pretrained import NETWORKS
from tfpool.networks import graph
from tfpool.networks.heads import Head
from tfpool.system.extras import need
from tfpool.tracking.run_data import load_data
from tfpool.tracking.store import RESUMABLE, RunStore
from tfpool.training.cluster.connection import HERE, Placement
from tfpool.training.recipe import Recipe


def enqueue(
    plans: Sequence[Plan],
    data: str,
    recipe: Recipe,
    store: RunStore,
    seeds: Sequence[int] | None = None,
    sweep: str | None = None,
    place: Placement = HERE,
) -> list[str]:
    """Queue one run per plan and seed, all or none, and return their ids."""
    if place.executor is None:
        # The workers need it, and would end at once without.
        need("tensorflow")
    data_set = data_sets.load(data)
    for fitting in plans:
        _check(fitting, data_set, recipe)
    recipes = [recipe] if seeds is None else [replace(recipe, seed=seed) for seed in seeds]
    specs = [spec(fitting, data_set, seeded) for seeded in recipes for fitting in plans]
    return [store.add(wanted, sweep, place.executor, place.artifacts) for wanted in specs]


def spec(plan: Plan, data_set: DataSet, recipe: Recipe) -> dict[str, Any]:
    """All that is needed to repeat a run, as JSON."""
    names = list(data_set.class_names)
    made = {"plan": plan.spec, "data": data_set.source, "class_names": names, "recipe": recipe.config}
    # Without it where images are read as they always are, so that runs from before are found again.
    reading = storage.reading(Path(data_set.location)) if data_set.location else {}
    return {**made, "reading": reading} if reading else made


def resume(store: RunStore, run_id: str, place: Placement | None = None) -> None:
    """Queue a stopped, interrupted or failed run again, which goes on from its last checkpoint.

    The run goes on where it was trained before, or at another place if that is given.

    Raises:
        ValueError: if the run has not ended or is done; or if its data set is no longer what the run began with.
    """
    run = store.get(run_id)
    if run.state in RESUMABLE:
        load_data(run)
        if place is not None:
            store.move(run_id, place.executor, place.artifacts)
    store.resume(run_id)


def plan_for(backbone: str, head: str | Head, data_set: DataSet, recipe: Recipe, **settings: Any) -> Plan:
    """The plan of a network and a head for the images and classes of a data set, resized as the recipe says."""
    return plan(backbone, head, _input_shape(data_set, recipe), data_set.classes, **settings)


def enqueue_heads(
    backbone: str,
    heads: Sequence[str | Head],
    data: str,
    recipe: Recipe,
    store: RunStore,
    place: Placement = HERE,
    **settings: Any,
) -> list[str]:
    """Queue one network with several heads, all or none, for the images and classes of a data set."""
    return enqueue(_plans([backbone], heads, data, recipe, settings), data, recipe, store, place=place)


def enqueue_sweep(
    backbones: Sequence[str],
    heads: Sequence[str | Head],
    seeds: int,
    data: str,
    recipe: Recipe,
    store: RunStore,
    name: str | None = None,
    place: Placement = HERE,
    **settings: Any,
) -> list[str]:
    """Queue every network with every head and seed as one sweep, all or none; seeds count up from the recipe's."""
    plans = _plans(backbones, heads, data, recipe, settings)
    return enqueue(plans, data, recipe, store, range(recipe.seed, recipe.seed + seeds), name, place)


def _plans(
    backbones: Sequence[str], heads: Sequence[str | Head], data: str, recipe: Recipe, settings: Mapping[str, Any]
) -> list[Plan]:
    data_set = data_sets.load(data)
    return [plan_for(backbone, head, data_set, recipe, **settings) for backbone in backbones for head in heads]


def _check(plan: Plan, data_set: DataSet, recipe: Recipe) -> None:
    for value, kind, example in ((plan, Plan, "tp.plan('resnet8')"), (recipe, Recipe, "tp.Recipe(epochs=5)")):
        if not isinstance(value, kind):
            raise ValueError(f"Expected a {kind.__name__}, such as {example}, got {value!r}.")
    shape = _input_shape(data_set, recipe)
    if any(size is not None and size != actual for size, actual in zip(plan.input_shape, shape, strict=True)):
        raise ValueError(
            f"{data_set.name} has images of {graph.text(shape)}, the plan takes "
            f"{graph.text(plan.input_shape)}. Plan again with input_shape={shape}."
        )
    if plan.classes != data_set.classes:
        raise ValueError(
            f"{data_set.name} has {data_set.classes} classes, the plan has {plan.classes}. "
            f"Plan again with classes={data_set.classes}."
        )
    if recipe.weights and plan.backbone not in NETWORKS:
        raise ValueError(f"There are no ImageNet weights for {plan.backbone}. Use one of: {', '.join(NETWORKS)}.")
    recipe.check(plan)


def _input_shape(data_set: DataSet, recipe: Recipe) -> tuple[int, int, int]:
    """(height, width, channels) of the images after the recipe's resizing."""
    height, width, channels = data_set.image_shape
    if recipe.image_size is not None:
        height = width = recipe.image_size
    return height, width, 3 if recipe.weights else channels
