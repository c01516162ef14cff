"""What surrounds a tensor of a Keras graph that may be no model yet: the layers before it, and all that are connected.

Keras has no public way to walk a graph; this module reads the attributes that its functional models run on.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras

from tfpool.anatomy.features import map_format
from tfpool.anatomy.unfold import has_graph

_REORDERING = frozenset({"Permute", "Reshape", "Transpose", "Moveaxis", "Swapaxes"})
"""Classes of layers and ops that may put axes in another order."""


def names_before(tensor: keras.KerasTensor) -> set[str]:
    """The names of the layers and ops that a tensor depends on, with the one that made it."""
    pending, nodes = [tensor], set()
    while pending:
        node = _node(pending.pop())
        if node is not None and node not in nodes:
            nodes.add(node)
            pending += node.arguments.keras_tensors
    return {node.operation.name for node in nodes}


def names_connected(tensor: keras.KerasTensor) -> set[str]:
    """The names of all layers and ops in the graph of a tensor: before it, after it, and on other branches."""
    pending, operations = [_node(tensor)], set()
    while pending:
        node = pending.pop()
        if node is not None and node.operation not in operations:
            operations.add(node.operation)
            pending += [*node.operation._inbound_nodes, *node.operation._outbound_nodes]
            pending += [
                _node(source) for call in node.operation._inbound_nodes for source in call.arguments.keras_tensors
            ]
    return {operation.name for operation in operations}


def channels_first_layer(tensor: keras.KerasTensor) -> str | None:
    """The name of the layer that made a map (N, C, H, W); None if no layer says that channels come first."""
    return next((name for name, order in _orders(tensor) if order == "channels_first"), None)


def _orders(tensor: keras.KerasTensor) -> Iterator[tuple[str, str]]:
    """Name and order of axes of the nearest layers before a tensor that have an order, on each branch."""
    pending, visited = [tensor], set()
    while pending:
        tensor = pending.pop()
        node = _node(tensor)
        if node is None or id(tensor) in visited:
            continue
        visited.add(id(tensor))
        operation = node.operation
        order = "unknown" if type(operation).__name__ in _REORDERING else map_format(operation)
        inner = list(_orders(operation.outputs[tensor._keras_history.tensor_index])) if has_graph(operation) else []
        if order:
            yield operation.name, order
        elif inner:
            yield from inner
        else:
            pending += node.arguments.keras_tensors


def _node(tensor: keras.KerasTensor) -> Any:
    """The call that made a tensor; None for a tensor outside of any graph."""
    history = getattr(tensor, "_keras_history", None)
    return (
        None if history is None or history.operation is None else history.operation._inbound_nodes[history.node_index]
    )
