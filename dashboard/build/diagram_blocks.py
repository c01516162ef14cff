"""A plan cut into the blocks that it is drawn as: its stages, its blocks, or single layers. What repeats stands once.

All is read off the layers' names and shapes. How a block is drawn is in `dashboard.build.network_diagram`.
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

# They change neither shape nor what is learnt: drawn with what they follow.
_SMALL = ("Dropout", "Rescaling", "Normalization")


@dataclass(frozen=True)
class Block:
    """What is drawn as one.

    Attributes:
        name: conv2_block1; conv2_block2–3 where blocks alike are drawn as one.
        rows: its layers, or those of the first of blocks alike.
        times: how many blocks alike it stands for.
        last: the layer whose output it hands on.
        sources: positions, among all blocks, of those it reads.
        around: whether a shortcut leads around it.
        within: for a single layer the block it is of, or nothing.
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
        """Keras layers inside, by how often each is there."""
        return dict(Counter(row.op for row in self.rows))


class _Group(NamedTuple):
    """Consecutive layers that belong together, and what their names begin with."""

    key: str
    rows: tuple[Row, ...]
    tensors: tuple[Tensor, ...]

    @property
    def form(self) -> tuple[tuple[str, str, Shape, int], ...]:
        """Equal for blocks alike."""
        return tuple((row.name.removeprefix(self.key), row.op, row.output_shape, row.params) for row in self.rows)

    @property
    def name(self) -> str:
        return self.key if len(self.rows) > 1 or self.key == IMAGE else self.rows[0].name


def cut(plan: Plan, detail: str) -> list[Block]:
    """The blocks of a plan, from the image to the scores.

    Args:
        plan: what to cut.
        detail: one of `DETAILS`. The head is cut into layers at any of them.
    """
    groups = list(_groups(plan, _stage if detail == "Stages" else _block))
    alike = [[group] for group in groups] if detail == "Stages" else _alike(groups)
    places: dict[str, int] = {}
    blocks: list[Block] = []
    for several in alike:
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
    """Layers are named conv2_block1_1_conv or block1a_bn: what they begin with is the stage. Pooling is of the last."""
    first = re.sub(r"(?<=\d)[a-z]$", "", row.name.split("_")[0])
    return before if re.match("pool|drop|post|rescaling|normalization", first) else first


def _block(row: Row, before: str) -> str:
    """conv2_block1 for conv2_block1_1_conv, block1_conv2 as it is, and else the first word: fire2, block1a, pool1."""
    if row.op in _SMALL:
        return before
    found = re.match(r"[^_]+(_(block|conv)\d+(?=_|$))?", row.name)
    return found[0] if found else row.name


def _alike(groups: Sequence[_Group]) -> list[list[_Group]]:
    """Groups, with those of the backbone put together that follow one another and are alike."""
    several: list[list[_Group]] = []
    for group in groups:
        if several and group.rows[0].part == "backbone" and several[-1][0].form == group.form:
            several[-1].append(group)
        else:
            several.append([group])
    return several


def _joined(first: str, last: str) -> str:
    """conv2_block2 and conv2_block3 as conv2_block2–3."""
    number = re.search(r"\d+$|(?<=\d)[a-z]$", last)
    return first if first == last or not number else f"{first}–{number[0]}"


def _sources(tensors: Sequence[Tensor], places: dict[str, int]) -> tuple[int, ...]:
    read = (source.name for tensor in tensors for source in tensor.inputs)
    return tuple(sorted({places[name] for name in read if name in places}))
