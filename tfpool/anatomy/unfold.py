"""The flat graph of a model: models inside it, at any depth, are replaced by their layers.

The graph holds the layers themselves and never calls them while it is made, so the model does not change. Keras has no
public way to walk a graph; this module reads the attributes that its functional models run on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer or op, named with the models around it: "backbone/conv1".

    Its `sources` are the values of its tensor arguments, by the id of the tensor in `arguments`.
    """

    operation: keras.Operation
    name: str
    arguments: Any
    sources: dict[int, Value]

    @property
    def inputs(self) -> list[Value]:
        return list(self.sources.values())

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """The outputs in inference mode, from tensors in the order of `inputs`."""
        arguments, settings = self.arguments.fill_in(dict(zip(self.sources, tensors, strict=True)))
        if isinstance(self.operation, keras.Layer):
            settings = {**settings, "training": False}
        return keras.tree.flatten(self.operation(*arguments, **settings))


Call = Callable[[Step, Sequence[Any]], list[Any]]
"""A function that runs a step: (step, input tensors) to output tensors."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor in the graph: one output of a step, or an input of the model if the step is None."""

    step: Step | None
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, eq=False)
class Graph:
    """Attributes: `outputs` by name, `steps` in execution order, `named` the last value of each layer, by its name."""

    inputs: list[Value] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    steps: list[tuple[Step, list[Value]]] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)

    def run(self, target: Value, inputs: Mapping[Value, Any], call: Call | None = None) -> Any:
        """Compute the target from the tensors of `inputs`, in inference mode; `call` runs each step, if given."""
        needed = ancestors(target, stop=inputs)
        values = dict(inputs)
        for step, outputs in self.steps:
            if any(value in needed for value in outputs) and not all(value in values for value in outputs):
                tensors = [values.get(source) for source in step.sources.values()]
                values.update(zip(outputs, call(step, tensors) if call else step(tensors), strict=True))
        return values[target]


def ancestors(value: Value, stop: Iterable[Value] = ()) -> set[Value]:
    """The value and all values it depends on, without going past those in `stop`."""
    ends, visited, pending = set(stop), set(), [value]
    while pending:
        value = pending.pop()
        if value not in visited:
            visited.add(value)
            if value not in ends and value.step:
                pending += value.step.inputs
    return visited


def unfold(model: keras.Model) -> Graph:
    """The flat graph of a functional or Sequential model."""
    if not isinstance(model, keras.Model):
        raise ValueError(f"model is a Keras model, got {type(model).__name__}.")
    if not _is_graph(model):
        unbuilt = isinstance(model, keras.Sequential)
        advice = "Call it on images once to build it." if unbuilt else "Use a functional or Sequential model."
        raise ValueError(f"{model.name} ({type(model).__name__}) has no graph of layers. {advice}")
    graph = Graph()
    graph.inputs.extend(Value(None, tuple(tensor.shape), tensor.dtype) for tensor in model.inputs)
    outputs = _unfold(model, graph.inputs, graph, "")
    graph.outputs.update(zip(getattr(model, "_functional", model).output_names, outputs, strict=True))
    return graph


def _is_graph(operation: keras.Operation) -> bool:
    functional = getattr(operation, "_functional", operation)
    return isinstance(operation, keras.Model) and hasattr(functional, "_nodes_by_depth")


def _unfold(model: keras.Model, inputs: list[Value], graph: Graph, inside: str) -> list[Value]:
    functional = getattr(model, "_functional", model)
    values = dict(zip(map(id, functional.inputs), inputs, strict=True))
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            name = inside + node.operation.name
            if node.is_input:
                if not inside:
                    graph.named[name] = values[id(node.outputs[0])]
                continue
            sources = {id(tensor): values[id(tensor)] for tensor in node.arguments.keras_tensors}
            if _is_graph(node.operation):
                outputs = _unfold(node.operation, list(sources.values()), graph, f"{name}/")
            else:
                step = Step(node.operation, name, node.arguments, sources)
                outputs = [Value(step, tuple(tensor.shape), tensor.dtype) for tensor in node.outputs]
                graph.steps.append((step, outputs))
            values.update(zip(map(id, node.outputs), outputs, strict=True))
            graph.named[name] = outputs[0]
    return [values[id(tensor)] for tensor in functional.outputs]
