"""A plan cut into stages, blocks or layers for its diagram. Equal blocks in a row become one with a count.

The cuts follow from the names and shapes of layers. How a block is drawn is in `dashboard.build.network_diagram`.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import NamedTuple

from tfpool.counting.counts import Row
from tfpool.counting.plan import Plan
from tfpool.networks.graph import Shape, Tensor

DETAILS = ("Stages", "Blocks", "Layers")
IMAGE = "image"

# Without shape change or parameters: part of the block they follow.
_SMALL = ("Dropout", "Rescaling", "Normalization")


@dataclass(frozen=True)
class Block:
    """One bar of the diagram: a block, or several (`times`) equal ones, of which `rows` holds the layers of the first.

    `last` is the layer whose output is that of the bar, `sources` are the indices of the bars it reads, `around` says
    whether a shortcut leads around it, and `within` is for a single layer the name of its block.
    """

    name: str
    rows: tuple[Row, ...]
    times: int
    last: Row
    sources: tuple[int, ...]
    around: bool = False
    within: str = ""

    @property
    def part(self) -> str:
        return self.last.part

    @property
    def shape(self) -> Shape:
        return self.last.output_shape

    @property
    def params(self) -> int:
        return self.times * sum(row.params for row in self.rows)

    @property
    def macs(self) -> int:
        return self.times * sum(row.macs or 0 for row in self.rows)

    @property
    def kinds(self) -> dict[str, int]:
        """The number of layers by Keras class."""
        return dict(Counter(row.op for row in self.rows))


class _Group(NamedTuple):
    """Consecutive layers of one block, and the prefix of their names."""

    key: str
    rows: tuple[Row, ...]
    tensors: tuple[Tensor, ...]

    @property
    def form(self) -> tuple[tuple[str, str, Shape, int], ...]:
        """The same for equal blocks."""
        return tuple((row.name.removeprefix(self.key), row.op, row.output_shape, row.params) for row in self.rows)

    @property
    def name(self) -> str:
        return self.key if len(self.rows) > 1 or self.key == IMAGE else self.rows[0].name


def cut(plan: Plan, detail: str) -> list[Block]:
    """The blocks of a plan, from the image to the scores, at one of `DETAILS`. The head is always cut into layers."""
    groups = list(_groups(plan, _stage if detail == "Stages" else _block))
    repeated = [[group] for group in groups] if detail == "Stages" else _join_equal(groups)
    places: dict[str, int] = {}
    blocks: list[Block] = []
    for several in repeated:
        first, last = several[0], several[-1]
        name = _joined(first.name, last.name)
        if detail != "Layers" or len(first.rows) == 1:
            around = detail == "Blocks" and any(row.op == "Add" for row in first.rows)
            sources = _sources(first.tensors, places)
            places |= {tensor.name: len(blocks) for group in several for tensor in group.tensors}
            blocks.append(Block(name, first.rows, len(several), last.rows[-1], sources, around))
            continue
        for number, (row, tensor) in enumerate(zip(first.rows, first.tensors, strict=True)):
            sources = _sources([tensor], places)
            places |= {group.tensors[number].name: len(blocks) for group in several}
            short = row.name.removeprefix(first.key).strip("_") or row.name
            end = last.rows[number]
            blocks.append(Block(short, (row,), len(several), end, sources, within=name))
    return blocks


def _groups(plan: Plan, key: Callable[[Row, str], str]) -> Iterator[_Group]:
    keys = [IMAGE]
    for before, row in pairwise(plan.rows):
        if row.part == "backbone":
            keys.append(key(row, keys[-1]))
        else:
            keys.append(keys[-1] if row.op in _SMALL and before.part == "head" else row.name)
    layers = zip(keys, plan.rows, plan.tensors, strict=True)
    for (name, _), members in groupby(layers, key=lambda layer: (layer[0], layer[1].part)):
        _, rows, tensors = zip(*members, strict=True)
        yield _Group(name, rows, tensors)


def _stage(row: Row, before: str) -> str:
    """The first word of names such as conv2_block1_1_conv and block1a_bn. Pooling belongs to the stage before it."""
    first = re.sub(r"(?<=\d)[a-z]$", "", row.name.split("_")[0])
    return before if re.match("pool|drop|post|rescaling|normalization", first) else first


def _block(row: Row, before: str) -> str:
    """conv2_block1 of conv2_block1_1_conv, block1_conv2 itself, otherwise the first word: fire2, block1a, pool1."""
    if row.op in _SMALL:
        return before
    match = re.match(r"[^_]+(_(block|conv)\d+(?=_|$))?", row.name)
    return match[0] if match else row.name


def _join_equal(groups: Sequence[_Group]) -> list[list[_Group]]:
    """The groups, with equal ones in a row joined if they belong to the backbone."""
    several: list[list[_Group]] = []
    for group in groups:
        if several and group.rows[0].part == "backbone" and several[-1][0].form == group.form:
            several[-1].append(group)
        else:
            several.append([group])
    return several


def _joined(first: str, last: str) -> str:
    """conv2_block2–3 for conv2_block2 and conv2_block3."""
    number = re.search(r"\d+$|(?<=\d)[a-z]$", last)
    return first if first == last or not number else f"{first}–{number[0]}"


def _sources(tensors: Sequence[Tensor], places: dict[str, int]) -> tuple[int, ...]:
    read = (source.name for tensor in tensors for source in tensor.inputs)
    return tuple(sorted({places[name] for name in read if name in places}))
