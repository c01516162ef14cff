"""The parts of a model that a caller names, or that are the only ones: an input, an output, a layer."""

from __future__ import annotations

import keras

from tfpool.anatomy.end import End, find_end
from tfpool.anatomy.features import Features, map_format, on_grid
from tfpool.anatomy.unfold import Graph, Value, ancestors


def find_image(graph: Graph, model: str, name: str | None) -> Value:
    """The input (N, H, W, C) with that name, or the only such input; (N, H, W) if the model itself adds the channel."""
    has_map = any(len(value.shape) == 4 for _, values in graph.steps for value in values)
    ranks = (3, 4) if has_map and len(graph.inputs) == 1 else (4,)
    inputs = dict(zip(graph.input_names, graph.inputs, strict=True))
    images = {key: value for key, value in inputs.items() if len(value.shape) in ranks}
    choices = ", ".join(map(repr, images))
    if name is not None and name not in images:
        raise ValueError(f"{model} has no input {name!r} of images (N, H, W, C). Use one of: {choices or 'none'}.")
    if not images:
        raise ValueError(
            f"Expected a classifier of images (N, H, W, C), or (N, H, W) where the model adds the channel itself. "
            f"Received: {model}, which maps {', '.join(str(value.shape) for value in graph.inputs)} to "
            f"{', '.join(str(value.shape) for value in graph.outputs.values())}."
        )
    if name is None and len(images) > 1:
        raise ValueError(f"{model} has several inputs of images. Use input= with one of: {choices}.")
    return images[name] if name else next(iter(images.values()))


def find_ending(graph: Graph, model: keras.Model, name: str | None) -> tuple[int, End]:
    """The number of the output with that name, or of the only output, and how it comes from scores (N, K)."""
    choices = ", ".join(map(repr, graph.outputs))
    if name is not None and name not in graph.outputs:
        raise ValueError(f"{model.name} has no output {name!r}. Use one of: {choices}.")
    if name is None and len(graph.outputs) > 1:
        raise ValueError(f"{model.name} has several outputs. Use output= with one of: {choices}.")
    number = 0 if name is None else list(graph.outputs).index(name)
    output = list(graph.outputs.values())[number]
    if len(output.shape) < 2 or None in output.shape[1:] or set(output.shape[1:-1]) - {1}:
        raise ValueError(
            f"Expected a classifier with scores (N, K). Received: {model.name}, which maps "
            f"{', '.join(str(value.shape) for value in graph.inputs)} to {output.shape}."
        )
    _check_channels(graph, output)
    loss = getattr(model, "loss", None)
    return number, find_end(output, loss.get(name) if isinstance(loss, dict) else loss)


def _check_channels(graph: Graph, output: Value) -> None:
    needed = ancestors(output)
    for step, values in graph.steps:
        if map_format(step.operation) == "channels_first" and needed.intersection(values):
            raise ValueError(
                f"Layer {step.name!r} has data_format='channels_first'. Build the model with channels last."
            )


def named_features(graph: Graph, layer: str, call: int | None, last: Value) -> Features | None:
    """The map or the tokens that a layer gives, in its only call or in the one with that number."""
    needed = ancestors(last)
    calls = [value for value in graph.calls.get(layer, []) if value in needed]
    if len(calls) > 1 and call is None:
        raise ValueError(
            f"Layer {layer!r} is called {len(calls)} times. Use call= with a number from 0 to {len(calls) - 1}."
        )
    if call is not None and not 0 <= call < len(calls):
        raise ValueError(f"Layer {layer!r} is called {len(calls)} times. Received: call={call}.")
    if not calls:
        return None
    value = calls[call or 0]
    return on_grid(value) if len(value.shape) == 3 else Features(value)


def find_maps(graph: Graph, last: Value) -> list[Value]:
    """Values with height and width that the scores depend on, without the image."""
    needed = ancestors(last)
    return [value for _, values in graph.steps for value in values if len(value.shape) == 4 and value in needed]


def layer_names(graph: Graph, maps: list[Value]) -> list[str]:
    """The names of layers with these maps, the last layer first."""
    chosen = set(maps)
    return [name for name, values in graph.calls.items() if not chosen.isdisjoint(values)][::-1]
