"""The flat graph of a model: models inside it, at any depth, are replaced by their layers.

The graph holds the layers themselves and never calls them while it is made, so the model does not change. Keras has no
public way to walk a graph; this module reads the attributes that its functional models run on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
from keras.src.models.functional import Functional

from tfpool.anatomy.twin import named_for_tensorflow


@dataclass(frozen=True, eq=False)
class Step:
    """One call of a layer or op, named with the models around it: "backbone/conv1".

    Its `sources` are the values of its tensor arguments, by the id of the tensor in `arguments`. `runnable` is the
    operation under a name that TensorFlow takes.
    """

    operation: keras.Operation
    runnable: keras.Operation
    name: str
    arguments: Any
    sources: dict[int, Value]

    @property
    def inputs(self) -> list[Value]:
        return list(self.sources.values())

    def __call__(self, tensors: Sequence[Any], operation: keras.Operation | None = None) -> list[Any]:
        """The outputs in inference mode, from tensors in the order of `inputs`; `operation` replaces the step's own."""
        operation = operation or self.runnable
        arguments, settings = self.arguments.fill_in(dict(zip(self.sources, tensors, strict=True)))
        if isinstance(operation, keras.Layer):
            settings = {**settings, "training": False}
        return keras.tree.flatten(operation(*arguments, **settings))


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
    """The steps of a model in execution order, its inputs, and its values by name.

    Attributes:
        calls: the values of a layer by its name, one per call.
        named: the last value of each layer, by its name.
    """

    inputs: list[Value] = field(default_factory=list)
    input_names: list[str] = field(default_factory=list)
    outputs: dict[str, Value] = field(default_factory=dict)
    steps: list[tuple[Step, list[Value]]] = field(default_factory=list)
    calls: dict[str, list[Value]] = field(default_factory=dict)

    @property
    def named(self) -> dict[str, Value]:
        return {name: values[-1] for name, values in self.calls.items()}

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
    """The flat graph of a functional or Sequential model.

    A model whose class has a `call` of its own computes something else than its layers do. Inside another model it is
    one step, like a layer.

    Raises:
        ValueError: if the model has no graph of layers.
    """
    _check_is_model(model)
    if not has_graph(model):
        raise ValueError(f"{model.name} ({type(model).__name__}) has no graph of layers. {_advice(model)}")
    graph = Graph()
    functional = _functional(model)
    graph.inputs.extend(Value(None, tuple(tensor.shape), tensor.dtype) for tensor in functional.inputs)
    graph.input_names.extend(_names(functional._inputs_struct, [tensor.name for tensor in functional.inputs]))
    outputs = _unfold(model, graph.inputs, graph, "")
    graph.outputs.update(zip(_names(functional._outputs_struct, functional.output_names), outputs, strict=True))
    return graph


def whole_outputs(model: keras.Model, inputs: Mapping[str, Any]) -> list[Any]:
    """All outputs of a model, in inference mode, from tensors by the names of its inputs."""
    tensors: Any = list(inputs.values())
    if not has_graph(model):
        tensors = tensors[0]
    else:
        functional = _functional(model)
        names = _names(functional._inputs_struct, [tensor.name for tensor in functional.inputs])
        tensors = keras.tree.pack_sequence_as(functional._inputs_struct, [inputs[name] for name in names])
    return keras.tree.flatten(model(tensors, training=False))


def has_graph(operation: keras.Operation) -> bool:
    """Whether an operation is a model that is built and computes what its graph of layers does."""
    kind = type(operation)
    own = kind.call in (Functional.call, keras.Sequential.call) and kind.__call__ is keras.Model.__call__
    return isinstance(operation, keras.Model) and own and hasattr(_functional(operation), "_nodes_by_depth")


def is_opaque(model: keras.Model) -> bool:
    """Whether a model computes by a `call` of its own: it has no graph of layers, and never will have."""
    return isinstance(model, keras.Model) and not has_graph(model) and type(model) is not keras.Sequential


def _functional(model: keras.Operation) -> Any:
    """A Sequential model's functional model, or the model itself."""
    return getattr(model, "_functional", model)


def _check_is_model(model: Any) -> None:
    if isinstance(model, keras.Model):
        return
    if any(
        kind.__module__.split(".")[0] == "tf_keras" or "tensorflow.python.keras" in kind.__module__
        for kind in type(model).__mro__
    ):
        raise ValueError(
            "Expected a model of Keras 3, received one of tf_keras, which is Keras 2. Save it with "
            "model.save('model.h5'), and open that file with Keras 3."
        )
    hint = " Use its load_model()." if hasattr(model, "load_model") else ""
    raise ValueError(f"Expected a Keras model, received {type(model).__name__}.{hint}")


def _advice(model: keras.Model) -> str:
    if isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call:
        return "Call it on images once to build it."
    return "Its class has a call of its own. Make it functional: keras.Model(x, model.call(x)), x = keras.Input(shape)."


def _names(struct: Any, names: Sequence[str]) -> list[str]:
    """One name per tensor: its key in a dictionary, or the given one, with a number where several are equal."""
    if isinstance(struct, dict):
        names = ["/".join(map(str, path)) for path, _ in keras.tree.flatten_with_path(struct)]
    repeated, numbers = Counter(names), Counter[str]()
    unique = []
    for name in names:
        unique.append(f"{name}:{numbers[name]}" if repeated[name] > 1 else name)
        numbers[name] += 1
    return unique


def _unfold(model: keras.Model, inputs: Sequence[Value], graph: Graph, inside: str) -> list[Value]:
    functional = _functional(model)
    values = dict(zip(map(id, functional.inputs), inputs, strict=True))
    for depth in sorted(functional._nodes_by_depth, reverse=True):
        # A layer's calls in the order in which they were made.
        for node in sorted(functional._nodes_by_depth[depth], key=_number_of_call):
            name = inside + node.operation.name
            if node.is_input:
                if not inside:
                    graph.calls.setdefault(name, []).append(values[id(node.outputs[0])])
                continue
            sources = {id(tensor): values[id(tensor)] for tensor in node.arguments.keras_tensors}
            given = _given(node, sources)
            if given is None:
                step = Step(node.operation, named_for_tensorflow(node.operation), name, node.arguments, sources)
                outputs = [Value(step, tuple(tensor.shape), tensor.dtype) for tensor in node.outputs]
                graph.steps.append((step, outputs))
            else:
                outputs = _unfold(node.operation, given, graph, f"{name}/")
            values.update(zip(map(id, node.outputs), outputs, strict=True))
            graph.calls.setdefault(name, []).append(outputs[0])
    return [values[id(tensor)] for tensor in functional.outputs]


def _number_of_call(node: Any) -> int:
    return node.operation._inbound_nodes.index(node)


def _given(node: Any, sources: Mapping[int, Value]) -> list[Value] | None:
    """What an inner model's inputs are given, in their order; None if the node's operation is to be one step."""
    if not has_graph(node.operation):
        return None
    functional = _functional(node.operation)
    arguments = (*node.arguments.args, *(value for key, value in node.arguments.kwargs.items() if key == "inputs"))
    given, struct = arguments[0], functional._inputs_struct
    if isinstance(given, dict) and not isinstance(struct, dict):
        given = [given.get(tensor.name) for tensor in functional.inputs]
    tensors = keras.tree.flatten(given)
    # Keras adds or drops a last axis of one where ranks differ, and allows inputs that are not given.
    ranks = [len(tensor.shape) if id(tensor) in sources else None for tensor in tensors]
    if ranks != [len(tensor.shape) for tensor in functional.inputs]:
        return None
    return [sources[id(tensor)] for tensor in tensors]
