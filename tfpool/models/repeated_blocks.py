"""Blocks that a graph repeats, and what their repetitions differ in: `keras_code` writes a function for each.

Blocks are recognized by their layers' names, which share a prefix. No network is treated specially.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import MISSING, dataclass, fields
from functools import cached_property
from itertools import groupby
from typing import Any

from tfpool.networks.graph import Tensor

Values = tuple[Any, ...]
Expressions = tuple[dict[str, str], ...]

_CHANNEL_COUNTS = ("filters", "units")
_LARGEST_MULTIPLE = 8
_RESERVED = {"x", "inputs", "name", "channels", "place", "number", "letter", "keras", "layers", "ops", "model"}


@dataclass(frozen=True, eq=False)
class Segment:
    """Consecutive layers whose names share a prefix, such as conv2_block1 of conv2_block1_1_conv and its successors."""

    prefix: str
    tensors: tuple[Tensor, ...]

    @property
    def stem(self) -> str:
        """The prefix without its numbers: conv_block for conv2_block1, block for block4a."""
        parts = (re.sub(r"\d+[a-z]?$", "", part) for part in self.prefix.split("_"))
        return "_".join(filter(None, parts)) or "block"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """The rest of each layer's name after the prefix, from the underscore on."""
        return tuple(tensor.name.removeprefix(self.prefix) for tensor in self.tensors)

    @cached_property
    def sources(self) -> tuple[Tensor, ...]:
        """The tensors outside the segment that its layers read."""
        outside = (source for tensor in self.tensors for source in tensor.inputs if source not in self.tensors)
        return tuple(dict.fromkeys(outside))

    @cached_property
    def longest_paths(self) -> dict[Tensor, tuple[str, ...]]:
        """Classes of the layers on the longest path from the sources to each tensor."""
        paths: dict[Tensor, tuple[str, ...]] = dict.fromkeys(self.sources, ())
        for tensor in self.tensors:
            paths[tensor] = (*max((paths[source] for source in tensor.inputs), key=len, default=()), tensor.op.layer)
        return paths

    def role(self, tensor: Tensor) -> str:
        """A variable name: "shortcut" or "residual" for a tensor that an addition reads, else from the layer's name."""
        for reader in self.tensors:
            if reader.op.layer == "Add" and tensor in reader.inputs:
                shortest = min(len(self.longest_paths[source]) for source in reader.inputs)
                return "shortcut" if len(self.longest_paths[tensor]) == shortest else "residual"
        digits, word = re.findall(r"^_?(\d*)_?(.*)", tensor.name.removeprefix(self.prefix))[0]
        return "_".join(filter(None, (word, digits))) or "first"

    @cached_property
    def form(self) -> tuple[Any, ...]:
        """Layer classes, names and wiring, without arguments: equal for segments that one function can build."""
        places = {tensor: place for place, tensor in enumerate(self.tensors)}
        wiring = [tuple(places.get(source, -1) for source in tensor.inputs) for tensor in self.tensors]
        return self.stem, *zip((tensor.op.layer for tensor in self.tensors), self.suffixes, wiring, strict=True)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a block's function: its value in each segment, and whether these are channel counts.

    `default` is Keras's default if a segment has that value, else `dataclasses.MISSING`. With a `slope`, each value is
    slope · place / count, with `Block`'s places and count.
    """

    name: str
    values: Values
    counts: bool
    default: Any
    slope: float | None


@dataclass(frozen=True, eq=False)
class Block:
    """Segments of one form, written as one function.

    `places` are the segments' positions among the `count` segments of their stem. Parameters are the arguments in which
    the segments differ: channel counts first, those with a default last. `expressions` are code for them, by layer.
    """

    name: str
    segments: tuple[Segment, ...]
    places: tuple[int, ...]
    count: int
    parameters: tuple[Parameter, ...]
    expressions: Expressions


def segments(tensors: Sequence[Tensor], parts: int) -> list[Segment]:
    """All tensors in their order, cut wherever the first `parts` parts of the layer names change."""
    by_prefix = groupby(tensors, key=lambda tensor: "_".join(tensor.name.split("_")[:parts]))
    return [Segment(prefix, tuple(group)) for prefix, group in by_prefix]


def repeated_blocks(cut: Sequence[Segment]) -> list[Block]:
    """The blocks for which a function is shorter than their layers written out, in the order of first use."""
    read_outside = {source for segment in cut for source in segment.sources}
    forms: dict[tuple[Any, ...], list[Segment]] = {}
    for segment in cut:
        if len(segment.sources) == 1 and read_outside.isdisjoint(segment.tensors[:-1]):
            forms.setdefault(segment.form, []).append(segment)
    sizes = {form: (len(kind), len(kind[0].tensors)) for form, kind in forms.items()}
    kinds = [forms[form] for form, (times, size) in sizes.items() if size > 2 and times * size > 1 + size + times]
    names = _names(kinds, {tensor.name for segment in cut for tensor in segment.tensors})
    return [_block(name, kind, cut) for name, kind in zip(names, kinds, strict=True)]


def _block(name: str, kind: Sequence[Segment], cut: Sequence[Segment]) -> Block:
    same_stem = [segment for segment in cut if segment.stem == kind[0].stem]
    places = tuple(same_stem.index(segment) for segment in kind)
    parameters, expressions = _parameters(kind, places, len(same_stem))
    parameters.sort(key=lambda parameter: (not parameter.counts, parameter.default is not MISSING))
    return Block(name, tuple(kind), places, len(same_stem), tuple(parameters), expressions)


def _parameters(kind: Sequence[Segment], places: Sequence[int], count: int) -> tuple[list[Parameter], Expressions]:
    """The parameters, and for each layer the code of the arguments that differ."""
    differing: list[dict[str, Values]] = []
    defaults: dict[tuple[str, Values], set[Any]] = {}
    for counterparts in zip(*(segment.tensors for segment in kind), strict=True):
        differing.append({})
        for field in fields(counterparts[0].op):
            values = tuple(getattr(tensor.op, field.name) for tensor in counterparts)
            if any(value != values[0] for value in values):
                differing[-1][field.name] = values
                defaults.setdefault((field.name, values), set()).add(field.default)
    parameters: dict[tuple[str, Values], Parameter] = {}

    def parameter(argument: str, values: Values, suffix: str) -> str:
        if (argument, values) not in parameters:
            taken = {parameter.name for parameter in parameters.values()}
            name = f"{argument}{suffix}" if argument in taken else argument
            candidates = defaults[argument, values]
            default = next(iter(candidates)) if len(candidates) == 1 and candidates & set(values) else MISSING
            slope = _slope(values, places, count)
            parameters[argument, values] = Parameter(name, values, argument in _CHANNEL_COUNTS, default, slope)
        return parameters[argument, values].name

    channels = tuple(segment.sources[0].channels for segment in kind)
    counts = [values for layer in differing for name, values in layer.items() if name in _CHANNEL_COUNTS]
    bases = _bases(counts, channels)
    for layer, suffix in zip(differing, kind[0].suffixes, strict=True):
        for argument, values in layer.items():
            if argument in _CHANNEL_COUNTS and values in bases:
                bases[values] = bases[values] or parameter(argument, values, suffix)
    expressions = tuple(
        {name: _expression(name, values, bases) or parameter(name, values, suffix) for name, values in layer.items()}
        for layer, suffix in zip(differing, kind[0].suffixes, strict=True)
    )
    return list(parameters.values()), expressions


def _bases(counts: Sequence[Values], channels: Values) -> dict[Values, str]:
    """The fewest counts of which all others are simple multiples; the input's channels may be one of them."""
    rest, bases = list(dict.fromkeys(counts)), {}
    while rest:
        multiples = {base: [_multiple(values, base, "") for values in rest] for base in [*rest, channels]}
        # Most multiples first, then fewest divisions.
        best = min(multiples, key=lambda base: (multiples[base].count(None), str(multiples[base]).count("//")))
        bases[best] = "" if best in rest else "channels"
        rest = [values for values, text in zip(rest, multiples[best], strict=True) if text is None]
    return bases


def _multiple(values: Values, base: Values, name: str) -> str | None:
    """`4 * name` or `name // 4` if that holds in every repetition, else None."""
    pairs = list(zip(values, base, strict=True))
    for times in range(1, _LARGEST_MULTIPLE + 1):
        if all(value == times * unit for value, unit in pairs):
            return name if times == 1 else f"{times} * {name}"
        if all(times * value == unit for value, unit in pairs):
            return f"{name} // {times}"
    return None


def _expression(argument: str, values: Values, bases: dict[Values, str]) -> str | None:
    """The argument as a multiple of one of the bases, number by number in a tuple; None if it is none."""
    if all(value == values[0] for value in values):
        return repr(values[0])
    if all(isinstance(value, tuple) for value in values) and len({len(value) for value in values}) == 1:
        inner = [_expression("filters", numbers, bases) for numbers in zip(*values, strict=True)]
        return None if None in inner else f"({', '.join(filter(None, inner))}{',' * (len(inner) == 1)})"
    # A stride can be a multiple of a channel count by chance only.
    if argument not in _CHANNEL_COUNTS or not all(isinstance(value, int) for value in values):
        return None
    multiples = (_multiple(values, base, name) for base, name in bases.items())
    return next((text for text in multiples if text is not None), None)


def _slope(values: Values, places: Sequence[int], count: int) -> float | None:
    if not all(isinstance(value, float) for value in values) or 0 in places:
        return None
    slope = round(values[-1] * count / places[-1], 6)
    return slope if all(slope * at / count == value for at, value in zip(places, values, strict=True)) else None


def _names(kinds: Sequence[Sequence[Segment]], taken: set[str]) -> list[str]:
    """Names of the functions: the stem; with the kind of shortcut, and a layer that is extra or missing, if needed."""
    stems = [kind[0].stem for kind in kinds]
    names: dict[int, str] = {}
    rivals: dict[str, Segment] = {}
    for number in sorted(range(len(kinds)), key=lambda number: -len(kinds[number])):
        first, name = kinds[number][0], stems[number]
        if stems.count(name) > 1:
            name = _shortcut(first) + name.split("_")[-1]
        name += _difference(first, rivals.setdefault(name, first))
        while name in {*taken, *_RESERVED, *names.values()}:
            name += "_"
        names[number] = name
    return [names[number] for number in range(len(kinds))]


def _difference(segment: Segment, rival: Segment) -> str:
    extra = [suffix for suffix in segment.suffixes if suffix not in rival.suffixes]
    missing = [suffix for suffix in rival.suffixes if suffix not in segment.suffixes]
    return f"_with{extra[0]}" if extra else f"_without{missing[0]}" if missing else ""


def _shortcut(segment: Segment) -> str:
    """Prefix of a function's name: what is on the shorter path to the segment's first addition."""
    added = next((tensor for tensor in segment.tensors if tensor.op.layer == "Add"), None)
    if added is None:
        return ""
    path = min((segment.longest_paths[tensor] for tensor in added.inputs), key=len)
    if not path:
        return "identity_"
    return "projection_" if any(layer.endswith("Conv2D") for layer in path) else "pooling_"
