"""From a plan to a Keras model: one stock layer an op, in one flat graph."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any
from zlib import crc32

from tfpool import graph
from tfpool.plan import Plan

if TYPE_CHECKING:
    import keras


def build(plan: Plan, activation: str | None = None, seed: int | None = None) -> keras.Model:
    """Build a plan's model from stock Keras layers.

    Args:
        plan: what `tfpool.plan` returned.
        activation: what the scores end in, such as "softmax". Default: logits.
        seed: fixes the initial weights and the dropout. Each layer's draw follows from the seed and its
            name alone, so that two heads on one backbone start from the same backbone weights.

    Returns:
        A model from images (N, H, W, C) to scores (N, K). `keras.models.load_model` opens what it saves
        without tfpool.

    Raises:
        ValueError: if `plan` is none.
    """
    import keras

    if not isinstance(plan, Plan):
        raise ValueError(f"A plan is needed, such as tp.plan('resnet8'), got {plan!r}.")
    made: dict[str, Any] = {}
    for tensor in plan.tensors:
        op = tensor.op
        if isinstance(op, graph.InputLayer):
            made[tensor.name] = keras.Input(op.shape, name=tensor.name)
            continue
        if tensor is plan.output and isinstance(op, graph.Dense):
            op = dataclasses.replace(op, activation=activation)
        settings = op.arguments if seed is None else {**op.arguments, **_seeded(op, _seed(seed, tensor.name))}
        layer = getattr(keras.layers, op.layer)(**settings, name=tensor.name)
        inputs = [made[source.name] for source in tensor.inputs]
        made[tensor.name] = layer(inputs if len(inputs) > 1 else inputs[0])
    return keras.Model(made[plan.tensors[0].name], made[plan.output.name], name=plan.name)


def _seed(seed: int, name: str) -> int:
    return crc32(f"{seed} {name}".encode()) >> 1


def _seeded(op: graph.Op, seed: int) -> dict[str, Any]:
    import keras

    if isinstance(op, graph.Conv2D | graph.Dense):
        return {"kernel_initializer": keras.initializers.GlorotUniform(seed=seed)}
    if isinstance(op, graph.Dropout):
        return {"seed": seed}
    return {}
