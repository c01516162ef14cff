"""Several networks counted side by side."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tfpool.counting.counts import Counts, inputs_text, macs_text, unknown_lines
from tfpool.counting.plan import plan
from tfpool.networks.graph import text
from tfpool.networks.heads import Head
from tfpool.system.format import count, memory, table
from tfpool.system.notebook import html_lines, html_table

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Comparison:
    """Counts of several networks, in the order given. `compare` returns it.

    It is a sequence of `Counts`; `print` shows a table.
    """

    counts: tuple[Counts, ...]

    def __len__(self) -> int:
        return len(self.counts)

    def __iter__(self) -> Iterator[Counts]:
        return iter(self.counts)

    def __getitem__(self, position: int) -> Counts:
        return self.counts[position]

    def records(self) -> list[dict[str, Any]]:
        """One dict of totals per network, for `pandas.DataFrame`. Memory is in bytes."""
        return [counts.totals for counts in self]

    def to_json(self) -> str:
        """The records as a JSON list."""
        return json.dumps(self.records())

    @property
    def _table(self) -> tuple[Sequence[str], list[Sequence[str]], Sequence[int]]:
        rows: list[Sequence[str]] = [
            (
                counts.name,
                inputs_text(counts),
                "–" if counts.feature_shape is None else text(counts.feature_shape),
                *map(count, (counts.backbone_params, counts.head_params, counts.params)),
                macs_text(counts.rows),
                memory(counts.weight_bytes),
                memory(counts.activation_bytes),
            )
            for counts in self
        ]
        params = ("backbone params", "head params", "params", "MACs")
        return ("network", "input", "features", *params, "weights", "activations"), rows, range(3, 9)

    def __str__(self) -> str:
        return "\n".join((table(*self._table), *unknown_lines(self.counts)))

    def _repr_html_(self) -> str:
        return html_table(*self._table) + html_lines(*unknown_lines(self.counts))


def compare(
    networks: Sequence[str | Counts | keras.Model],
    heads: Sequence[str | Head | Mapping[str, Any]] | None = None,
    input_shape: Sequence[int | None] | None = None,
    classes: int | None = None,
    **settings: Any,
) -> Comparison:
    """Count several networks, without building them.

    Args:
        networks: names from `catalog()`, plans, or Keras models. Plans and models are counted as they are.
        heads: heads to put on each network named. Default: the published head.
        input_shape, classes, settings: as for `plan`, for each network named.

    Returns:
        A `Comparison`: a sequence of `Counts`, which prints as a table.

    Raises:
        ValueError: as `plan` does, or if there is nothing to compare.

    Example:
        >>> import tfpool as tp
        >>> compared = tp.compare(["resnet8"], heads=["gap", "flatten"])
        >>> [(counts.name, counts.head_params) for counts in compared]
        [('resnet8-gap', 650), ('resnet8-flatten', 40970)]
    """
    if isinstance(networks, str) or not networks:
        raise ValueError(f"Expected networks as a list of at least one, such as ['vgg16'], got {networks!r}.")
    if isinstance(heads, str) or (heads is not None and not heads):
        raise ValueError(f"Expected heads as a list of at least one, such as ['gap', 'flatten'], got {heads!r}.")
    counts: list[Counts] = []
    for network in networks:
        if isinstance(network, Counts):
            counts.append(network)
        elif hasattr(network, "layers"):
            counts.append(plan(network))
        else:
            counts += [plan(network, head, input_shape, classes, **settings) for head in heads or (None,)]
    return Comparison(tuple(counts))
