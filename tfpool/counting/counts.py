"""The counts of a network, be it a plan or a Keras model: one row per layer, totals, memory."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

from tfpool.networks.graph import FLOAT32, Shape, text
from tfpool.system.format import at_least_count, count, memory, table
from tfpool.system.notebook import html_lines, html_table
from tfpool.validation import at_least

SLOTS = {"adam": 2, "adamw": 2, "sgd": 1}
"""Values that an optimizer stores per trainable weight; "sgd" has momentum."""

# Besides weights, a `.keras` file has each layer's settings and HDF5 groups: 3.5 to 4.0 kB per layer over the catalog.
_FILE_BYTES_PER_LAYER = 3_550
_MOST_NAMED = 5


class Row(NamedTuple):
    """One layer, for one image.

    Attributes:
        name: the layer's name in the built model; "backbone/conv1" inside another model.
        op: the Keras layer's class name.
        part: "backbone" or "head".
        output_shape: without the batch; None for an unknown size.
        params: all weights, trainable or not, as Keras's `count_params()`.
        trainable_params: weights that training changes.
        macs: multiply-adds, a fused multiply-add counts one; None if the image size is unknown, or without a rule.
        activation_bytes: memory of the output in its computed dtype; None if the image size is unknown.
        weight_bytes: memory of the weights.
        receptive_field: side in pixels of the square of the image that one position sees; None for the whole image, or
            if it is unknown.
        stride: pixels of the image between two neighboring positions; None after the last feature map.
        has_rule: whether a rule counts the layer's multiply-adds; always true but for layers of a Keras model.
    """

    name: str
    op: str
    part: str
    output_shape: Shape
    params: int
    trainable_params: int
    macs: int | None
    activation_bytes: int | None
    weight_bytes: int
    receptive_field: int | None
    stride: int | float | None
    has_rule: bool = True


@dataclass(frozen=True)
class Counts:
    """The counts of one network: `rows` has the layers, the other attributes are totals. Memory is in bytes.

    Attributes:
        name: the network's name.
        input_shape: (H, W, C) of an image in pixels; None for an unknown size. The first input of a model with several.
        feature_shape: (H, W, C) of the last feature map, which the head reads; None if no single map enters a head.
        rows: one row per layer, each after its inputs.
    """

    name: str
    input_shape: Shape
    feature_shape: Shape | None
    rows: tuple[Row, ...] = field(repr=False)

    @property
    def params(self) -> int:
        """All weights, trainable or not, as Keras's `count_params()`."""
        return sum(row.params for row in self.rows)

    @property
    def trainable_params(self) -> int:
        return sum(row.trainable_params for row in self.rows)

    @property
    def head_params(self) -> int:
        return sum(row.params for row in self.rows if row.part == "head")

    @property
    def backbone_params(self) -> int:
        return self.params - self.head_params

    @property
    def unknown(self) -> tuple[str, ...]:
        """Names of the layers without a counting rule. With any, `macs` and its parts are lower bounds."""
        return tuple(dict.fromkeys(row.name for row in self.rows if not row.has_rule))

    @property
    def macs(self) -> int | None:
        """Multiply-adds for one image, at least, if any layer is `unknown`; None if the image size is unknown."""
        return _total_macs(self.rows)

    @property
    def head_macs(self) -> int | None:
        return _total_macs(self._part("head"))

    @property
    def backbone_macs(self) -> int | None:
        return _total_macs(self._part("backbone"))

    def _part(self, name: str) -> tuple[Row, ...]:
        return tuple(row for row in self.rows if row.part == name)

    @property
    def weight_bytes(self) -> int:
        """Memory of the weights."""
        return sum(row.weight_bytes for row in self.rows)

    @property
    def activation_bytes(self) -> int | None:
        """Memory of all layers' outputs for one image; None if the image size is unknown."""
        return _total([row.activation_bytes for row in self.rows])

    @property
    def file_bytes(self) -> int:
        """Approximate size of the model saved as `.keras`, without an optimizer."""
        return self.weight_bytes + _FILE_BYTES_PER_LAYER * len(self.rows)

    def training_bytes(self, batch_size: int, optimizer: str) -> int | None:
        """Memory of a training step: weights, gradients, the optimizer's slots, and all layers' outputs for a batch.

        Gradients and slots are float32. TensorFlow's temporary tensors are not counted: on a CPU the peak was 1.1 to
        2.2 times as high (`python benchmarks/memory.py`).

        Args:
            batch_size: images per step.
            optimizer: "adam", "adamw", or "sgd" with momentum.

        Returns:
            Bytes; None if the image size is unknown.

        Raises:
            ValueError: on an unknown optimizer, or a batch below one image.
        """
        at_least(1, batch_size, "batch_size")
        if optimizer not in SLOTS:
            raise ValueError(f"Unknown optimizer {optimizer!r}. Use one of: {', '.join(SLOTS)}.")
        if self.activation_bytes is None:
            return None
        gradients_and_slots = (1 + SLOTS[optimizer]) * FLOAT32 * self.trainable_params
        return self.weight_bytes + gradients_and_slots + batch_size * self.activation_bytes

    @property
    def totals(self) -> dict[str, Any]:
        """The name and all totals, plain data."""
        names = ("params", "trainable_params", "backbone_params", "head_params", "macs", "backbone_macs", "head_macs")
        memory = ("weight_bytes", "activation_bytes", "file_bytes")
        totals = {name: getattr(self, name) for name in ("name", "input_shape", "feature_shape", *names, *memory)}
        return {**totals, "unknown": list(self.unknown)}

    def records(self) -> list[dict[str, Any]]:
        """One dict per layer, for `pandas.DataFrame`."""
        return [row._asdict() for row in self.rows]

    def record(self) -> dict[str, Any]:
        """Totals and rows, plain data."""
        return {**self.totals, "rows": self.records()}

    def to_json(self) -> str:
        """Totals and rows as a JSON object."""
        return json.dumps(self.record())

    @property
    def _table(self) -> tuple[Sequence[str], list[Sequence[str]], Sequence[int]]:
        """Header and rows, one per layer, and the columns that are right-aligned."""
        rows: list[Sequence[str]] = [
            (row.name, row.op, text(row.output_shape), count(row.params), count(row.macs)) for row in self.rows
        ]
        return ("layer", "op", "output", "params", "MACs"), rows, (3, 4)

    @property
    def _summary(self) -> tuple[str, ...]:
        """Totals, a line each."""
        features = "none" if self.feature_shape is None else text(self.feature_shape)
        activations = "?" if self.activation_bytes is None else memory(self.activation_bytes)
        backbone, head = self._part("backbone"), self._part("head")
        return (
            f"{self.name}: input {inputs_text(self)}, features {features}, output {text(self.rows[-1].output_shape)}",
            f"params  {count(self.params)} ({count(self.trainable_params)} trainable): "
            f"backbone {count(self.backbone_params)}, head {count(self.head_params)}",
            f"MACs    {macs_text(self.rows)}: backbone {macs_text(backbone)}, head {macs_text(head)}",
            *(f"        {line}" for line in unknown_lines([self])),
            f"memory  weights {memory(self.weight_bytes)}, activations {activations} per image, "
            f"file about {memory(self.file_bytes)}",
        )

    def __str__(self) -> str:
        return "\n".join((table(*self._table), "", *self._summary))

    def _repr_html_(self) -> str:
        return html_table(*self._table) + html_lines(*self._summary)


def activation_bytes(output: Shape, value_bytes: int = FLOAT32) -> int | None:
    """Memory of an output of this shape, with `value_bytes` bytes per value."""
    return None if None in output else value_bytes * prod(filter(None, output))


def macs_text(rows: Sequence[Row]) -> str:
    """The multiply-adds of these layers, as a lower bound if a layer has no rule."""
    return count(_total_macs(rows)) if all(row.has_rule for row in rows) else at_least_count(_total_macs(rows))


def inputs_text(network: Counts) -> str:
    return " and ".join(text(row.output_shape) for row in network.rows if row.op == "InputLayer")


def unknown_lines(networks: Sequence[Counts]) -> list[str]:
    """One sentence for each network with layers that no rule counts."""
    return [
        f"The MACs of {_first_of(network.unknown)} in {network.name} are unknown, so its total is a lower bound. "
        "Add a rule with tfpool.counting.register."
        for network in networks
        if network.unknown
    ]


def _first_of(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED:,} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more


def _total_macs(rows: Sequence[Row]) -> int | None:
    return _total([row.macs for row in rows if row.has_rule])


def _total(values: list[int | None]) -> int | None:
    return None if None in values else sum(filter(None, values))
