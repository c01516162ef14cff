"""Many networks counted side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfpool.counting.counts import Counts
from tfpool.counting.plan import plan
from tfpool.networks.graph import text
from tfpool.networks.heads import Head
from tfpool.system.format import count, memory, table

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Comparison:
    """Counts of several networks, in the order given. Made by `compare`.

    `len`, `for` and indices go over the networks; printing it makes a table.
    """

    counts: tuple[Counts, ...]

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[Counts]:
        return iter(self.counts)

    def __getitem__(self, position: int) -> Counts:
        return self.counts[position]

    def records(self) -> list[dict[str, Any]]:
        """The totals of each network, a dict each, as `pandas.DataFrame` takes them. Memory is in bytes."""
        return [each.totals for each in self]

    def to_json(self) -> str:
        """The records as a JSON list."""
        return json.dumps(self.records())

    def __str__(self) -> str:
        rows = [
            (
                each.name,
                text(each.input_shape),
                "–" if each.feature_shape is None else text(each.feature_shape),
                *map(count, (each.backbone_params, each.head_params, each.params, each.macs)),
                memory(each.weight_bytes),
                "–" if each.activation_bytes is None else memory(each.activation_bytes),
            )
            for each in self
        ]
        params = ("backbone params", "head params", "params", "MACs")
        return table(("network", "input", "features", *params, "weights", "activations"), rows, right=range(3, 9))


def compare(
    networks: Sequence[str | Counts | keras.Model],
    heads: Sequence[str | Head | Mapping[str, Any]] | None = None,
    input_shape: Sequence[int | None] | None = None,
    classes: int | None = None,
    **settings: Any,
) -> Comparison:
    """Count many networks at once, without building any.

    Args:
        networks: names from `catalog()`, what `plan` returned, or Keras models, which are counted as they are.
        heads: heads to put on each network that is given by name. Default: the published one.
        input_shape, classes, settings: as for `plan`, for each network that is given by name.

    Raises:
        ValueError: as `plan` does, or if there is nothing to compare.
    """
    if isinstance(networks, str) or not networks:
        raise ValueError(f"Networks to compare are a list, such as ['resnet20', 'vgg16'], got {networks!r}.")
    if isinstance(heads, str) or (heads is not None and not heads):
        raise ValueError(f"Heads to compare are a list, such as ['gap', 'flatten'], got {heads!r}.")
    counted: list[Counts] = []
    for network in networks:
        if isinstance(network, Counts):
            counted.append(network)
        elif hasattr(network, "layers"):
            counted.append(plan(network))
        else:
            counted += [plan(network, head, input_shape, classes, **settings) for head in heads or (None,)]
    return Comparison(tuple(counted))
