"""Blocks that a graph repeats, and what their repetitions differ in: `keras_code` writes a function for each.

All is read off the graph: layers of one block have names that begin alike. Nothing here knows a network.
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
Written = tuple[dict[str, str], ...]

_COUNTS = ("filters", "units")
_LARGEST_MULTIPLE = 8
_KEPT = {"x", "inputs", "name", "channels", "place", "number", "letter", "keras", "layers", "ops", "model"}


@dataclass(frozen=True, eq=False)
class Segment:
    """Consecutive layers whose names have one prefix: conv2_block1 for conv2_block1_1_conv and those after it."""

    prefix: str
    tensors: tuple[Tensor, ...]

    @property
    def stem(self) -> str:
        """The prefix without its numbers: conv_block for conv2_block1, block for block4a."""
        parts = (re.sub(r"\d+[a-z]?$", "", part) for part in self.prefix.split("_"))
        return "_".join(filter(None, parts)) or "block"

    @property
    def suffixes(self) -> tuple[str, ...]:
        """What each layer's name adds to the prefix, from its underscore on."""
        return tuple(tensor.name.removeprefix(self.prefix) for tensor in self.tensors)

    @cached_property
    def sources(self) -> tuple[Tensor, ...]:
        """The tensors from outside that are read inside."""
        read = (source for tensor in self.tensors for source in tensor.inputs if source not in self.tensors)
        return tuple(dict.fromkeys(read))

    @cached_property
    def ways(self) -> dict[Tensor, tuple[str, ...]]:
        """Kinds of the layers on the longest way from the sources to each tensor."""
        ways: dict[Tensor, tuple[str, ...]] = dict.fromkeys(self.sources, ())
        for tensor in self.tensors:
            ways[tensor] = (*max((ways[source] for source in tensor.inputs), key=len, default=()), tensor.op.layer)
        return ways

    def role(self, tensor: Tensor) -> str:
        """What a tensor is to the first addition that reads it, or else the name of its layer, as an identifier."""
        for reader in self.tensors:
            if reader.op.layer == "Add" and tensor in reader.inputs:
                shortest = min(len(self.ways[source]) for source in reader.inputs)
                return "shortcut" if len(self.ways[tensor]) == shortest else "residual"
        digits, word = re.findall(r"^_?(\d*)_?(.*)", tensor.name.removeprefix(self.prefix))[0]
        return "_".join(filter(None, (word, digits))) or "first"

    @cached_property
    def form(self) -> tuple[Any, ...]:
        """Equal for segments that one function can write: their layers, names and wiring, but for the arguments."""
        places = {tensor: place for place, tensor in enumerate(self.tensors)}
        wiring = [tuple(places.get(source, -1) for source in tensor.inputs) for tensor in self.tensors]
        return self.stem, *zip((tensor.op.layer for tensor in self.tensors), self.suffixes, wiring, strict=True)


@dataclass(frozen=True)
class Parameter:
    """A parameter of a block's function.

    Attributes:
        values: one for each of the block's segments.
        counts: whether they are numbers of channels.
        default: Keras's own, where a segment leaves it at that; or `dataclasses.MISSING`.
        slope: the values are slope · place / count, as a `Block` has these; None if they are not.
    """

    name: str
    values: Values
    counts: bool
    default: Any
    slope: float | None


@dataclass(frozen=True, eq=False)
class Block:
    """Segments of one form.

    Attributes:
        name: the function's name.
        places, count: where the segments are among all segments of their stem, and how many those are.
        parameters: what the segments differ in: counts first, those with a default last.
        written: for each layer, the arguments that differ and the expressions to write for them.
    """

    name: str
    segments: tuple[Segment, ...]
    places: tuple[int, ...]
    count: int
    parameters: tuple[Parameter, ...]
    written: Written


def segments(tensors: Sequence[Tensor], parts: int) -> list[Segment]:
    """All tensors in their order, cut wherever the first `parts` parts of the names change."""
    named = groupby(tensors, key=lambda tensor: "_".join(tensor.name.split("_")[:parts]))
    return [Segment(prefix, tuple(group)) for prefix, group in named]


def repeated(cut: Sequence[Segment]) -> list[Block]:
    """The blocks whose function leaves less code than their layers written out, in the order of first use."""
    read = {source for segment in cut for source in segment.sources}
    forms: dict[tuple[Any, ...], list[Segment]] = {}
    for segment in cut:
        if len(segment.sources) == 1 and read.isdisjoint(segment.tensors[:-1]):
            forms.setdefault(segment.form, []).append(segment)
    sizes = {form: (len(kind), len(kind[0].tensors)) for form, kind in forms.items()}
    kinds = [forms[form] for form, (times, size) in sizes.items() if size > 2 and times * size > 1 + size + times]
    names = _names(kinds, {tensor.name for segment in cut for tensor in segment.tensors})
    return [_block(name, kind, cut) for name, kind in zip(names, kinds, strict=True)]


def _block(name: str, kind: Sequence[Segment], cut: Sequence[Segment]) -> Block:
    alike = [segment for segment in cut if segment.stem == kind[0].stem]
    places = tuple(alike.index(segment) for segment in kind)
    parameters, written = _parameters(kind, places, len(alike))
    parameters.sort(key=lambda each: (not each.counts, each.default is not MISSING))
    return Block(name, tuple(kind), places, len(alike), tuple(parameters), written)


def _parameters(kind: Sequence[Segment], places: Sequence[int], count: int) -> tuple[list[Parameter], Written]:
    """The parameters, and for each layer the expressions of its arguments that differ."""
    differing: list[dict[str, Values]] = []
    defaults: dict[tuple[str, Values], set[Any]] = {}
    for alike in zip(*(segment.tensors for segment in kind), strict=True):
        differing.append({})
        for field in fields(alike[0].op):
            values = tuple(getattr(tensor.op, field.name) for tensor in alike)
            if any(value != values[0] for value in values):
                differing[-1][field.name] = values
                defaults.setdefault((field.name, values), set()).add(field.default)
    parameters: dict[tuple[str, Values], Parameter] = {}

    def parameter(argument: str, values: Values, suffix: str) -> str:
        if (argument, values) not in parameters:
            taken = {each.name for each in parameters.values()}
            name = f"{argument}{suffix}" if argument in taken else argument
            own = defaults[argument, values]
            default = next(iter(own)) if len(own) == 1 and own & set(values) else MISSING
            slope = _slope(values, places, count)
            parameters[argument, values] = Parameter(name, values, argument in _COUNTS, default, slope)
        return parameters[argument, values].name

    channels = tuple(segment.sources[0].channels for segment in kind)
    bases = _bases([values for one in differing for name, values in one.items() if name in _COUNTS], channels)
    for one, suffix in zip(differing, kind[0].suffixes, strict=True):
        for argument, values in one.items():
            if argument in _COUNTS and values in bases:
                bases[values] = bases[values] or parameter(argument, values, suffix)
    written = tuple(
        {name: _expression(name, values, bases) or parameter(name, values, suffix) for name, values in one.items()}
        for one, suffix in zip(differing, kind[0].suffixes, strict=True)
    )
    return list(parameters.values()), written


def _bases(counts: Sequence[Values], channels: Values) -> dict[Values, str]:
    """As few of the counts as give all the others as simple multiples; the input's channels may stand in for some."""
    left, bases = list(dict.fromkeys(counts)), {}
    while left:
        found = {base: [_multiple(values, base, "") for values in left] for base in [*left, channels]}
        best = max(
            found, key=lambda base: (-found[base].count(None), -sum("//" in (text or "") for text in found[base]))
        )
        bases[best] = "" if best in left else "channels"
        left = [values for values, text in zip(left, found[best], strict=True) if text is None]
    return bases


def _multiple(values: Values, base: Values, name: str) -> str | None:
    """`4 * name` or `name // 4`, if that is so in every repetition."""
    pairs = list(zip(values, base, strict=True))
    for times in range(1, _LARGEST_MULTIPLE + 1):
        if all(value == times * unit for value, unit in pairs):
            return name if times == 1 else f"{times} * {name}"
        if all(times * value == unit for value, unit in pairs):
            return f"{name} // {times}"
    return None


def _expression(argument: str, values: Values, bases: dict[Values, str]) -> str | None:
    """The argument by the counts it follows from, number by number in a tuple; None if it does not."""
    if all(value == values[0] for value in values):
        return repr(values[0])
    if all(isinstance(value, tuple) for value in values) and len({len(value) for value in values}) == 1:
        inner = [_expression("filters", numbers, bases) for numbers in zip(*values, strict=True)]
        return None if None in inner else f"({', '.join(filter(None, inner))}{',' * (len(inner) == 1)})"
    # A stride that is a multiple of a count is so by chance.
    if argument not in _COUNTS or not all(isinstance(value, int) for value in values):
        return None
    found = (_multiple(values, base, name) for base, name in bases.items())
    return next((text for text in found if text is not None), None)


def _slope(values: Values, places: Sequence[int], count: int) -> float | None:
    if not all(isinstance(value, float) for value in values) or 0 in places:
        return None
    slope = round(values[-1] * count / places[-1], 6)
    return slope if all(slope * at / count == value for at, value in zip(places, values, strict=True)) else None


def _names(kinds: Sequence[Sequence[Segment]], taken: set[str]) -> list[str]:
    """The stem; where it has several kinds its last word and the kind of shortcut; then what a kind has or lacks."""
    stems = [kind[0].stem for kind in kinds]
    names: dict[int, str] = {}
    rivals: dict[str, Segment] = {}
    for number in sorted(range(len(kinds)), key=lambda number: -len(kinds[number])):
        first, name = kinds[number][0], stems[number]
        if stems.count(name) > 1:
            name = _shortcut(first) + name.split("_")[-1]
        name += _difference(first, rivals.setdefault(name, first))
        while name in {*taken, *_KEPT, *names.values()}:
            name += "_"
        names[number] = name
    return [names[number] for number in range(len(kinds))]


def _difference(mine: Segment, other: Segment) -> str:
    more = [suffix for suffix in mine.suffixes if suffix not in other.suffixes]
    less = [suffix for suffix in other.suffixes if suffix not in mine.suffixes]
    return f"_with{more[0]}" if more else f"_without{less[0]}" if less else ""


def _shortcut(segment: Segment) -> str:
    """What is on the shorter way to the segment's first addition."""
    added = next((tensor for tensor in segment.tensors if tensor.op.layer == "Add"), None)
    if added is None:
        return ""
    way = min((segment.ways[tensor] for tensor in added.inputs), key=len)
    if not way:
        return "identity_"
    return "projection_" if any(layer.endswith("Conv2D") for layer in way) else "pooling_"
