"""A model's graph laid flat: models inside it, at any depth, are unfolded into the layers they are made of.

The layers themselves are used, neither copied nor called anew, so that nothing of the model changes. Keras offers no
public way to walk a graph: what is read of it here is what its own functional models run on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer or op.

    Attributes:
        name: the layer's name, after those of the models it is inside of: "backbone/conv1".
        sources: where its tensor arguments come from, by the id that `arguments` knows them by.
    """

    operation: keras.Operation
    name: str
    arguments: Any
    sources: dict[int, Value]

    @property
    def inputs(self) -> list[Value]:
        return list(self.sources.values())

    def __call__(self, tensors: Sequence[Any]) -> list[Any]:
        """Its outputs in inference mode, of tensors in the order of `inputs`."""
        arguments, settings = self.arguments.fill_in(dict(zip(self.sources, tensors, strict=True)))
        if isinstance(self.operation, keras.Layer):
            settings = {**settings, "training": False}
        return keras.tree.flatten(self.operation(*arguments, **settings))


Call = Callable[[Step, Sequence[Any]], list[Any]]
"""What is done in a step's place: from the step and its input tensors to its outputs."""


@dataclass(frozen=True, eq=False)
class Value:
    """A tensor in the graph: one output of a step, or an input of the model where the step is None."""

    step: Step | None
    shape: tuple[int | None, ...]
    dtype: str


@dataclass(frozen=True, eq=False)
class Graph:
    """Attributes: `outputs` by name, `steps` in an order that they can be run in, `named` the last value by name."""

    inputs: list[Value] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    steps: list[tuple[Step, list[Value]]] = field(default_factory=list)
    named: dict[str, Value] = field(default_factory=dict)

    def run(self, wanted: Value, known: Mapping[Value, Any], call: Call | None = None) -> Any:
        """Compute a value from known ones, in inference mode; `call`, where it is given, calls each step."""
        needed = ancestors(wanted, stop=known)
        values = dict(known)
        for step, outputs in self.steps:
            if any(value in needed for value in outputs) and not all(value in values for value in outputs):
                tensors = [values.get(source) for source in step.sources.values()]
                values.update(zip(outputs, call(step, tensors) if call else step(tensors), strict=True))
        return values[wanted]


def ancestors(value: Value, stop: Iterable[Value] = ()) -> set[Value]:
    """The value and all it is computed from, not looking behind those in `stop`."""
    known, found, waiting = set(stop), set(), [value]
    while waiting:
        value = waiting.pop()
        if value not in found:
            found.add(value)
            if value not in known and value.step:
                waiting += value.step.inputs
    return found


def unfold(model: keras.Model) -> Graph:
    """The flat graph of a functional or Sequential model.

    Raises:
        ValueError: if the model has no graph.
    """
    if not isinstance(model, keras.Model):
        raise ValueError(f"A Keras model is needed, got {type(model).__name__}.")
    if not _is_graph(model):
        built = isinstance(model, keras.Sequential)
        advice = "Build it by calling it on images once." if built else "A functional or Sequential model is needed."
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
    known = dict(zip(map(id, functional.inputs), inputs, strict=True))
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        for node in functional._nodes_by_depth[depth]:
            name = inside + node.operation.name
            if node.is_input:
                if not inside:
                    graph.named[name] = known[id(node.outputs[0])]
                continue
            sources = {id(tensor): known[id(tensor)] for tensor in node.arguments.keras_tensors}
            if _is_graph(node.operation):
                outputs = _unfold(node.operation, list(sources.values()), graph, f"{name}/")
            else:
                step = Step(node.operation, name, node.arguments, sources)
                outputs = [Value(step, tuple(tensor.shape), tensor.dtype) for tensor in node.outputs]
                graph.steps.append((step, outputs))
            known.update(zip(map(id, node.outputs), outputs, strict=True))
            graph.named[name] = outputs[0]
    return [known[id(tensor)] for tensor in functional.outputs]
