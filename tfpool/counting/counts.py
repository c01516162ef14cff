"""What is counted of a network: a row a layer, totals, memory. Of a plan or of any Keras model alike."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from math import prod
from typing import Any, NamedTuple

from tfpool.networks.graph import FLOAT32, Shape, text
from tfpool.system.format import count, memory, table
from tfpool.validation import at_least

SLOTS = {"adam": 2, "adamw": 2, "sgd": 1}
"""Values that an optimizer keeps for each trainable weight; "sgd" is with momentum."""

# Beside the weights, a `.keras` file holds the layers' settings and the HDF5 groups of each layer: measured over the
# catalog, 3.5 to 4.0 kB a layer.
_FILE_BYTES_A_LAYER = 3_550


class Row(NamedTuple):
    """One layer, for one image.

    Attributes:
        name: the layer's name in the built model; "backbone/conv1" inside another model.
        op: the Keras layer's class name.
        part: "backbone" or "head".
        output_shape: without the batch; None where a size is not known.
        params: all weights, trainable or not, as Keras's `count_params()`.
        trainable_params: weights that training changes.
        macs: multiply-adds, a fused one counts one; None where the image size is not known.
        activation_bytes: memory of the output, as computed; None where the image size is not known.
        weight_bytes: memory of the weights.
        receptive_field: side in pixels of the square of the image that one position sees; None for all of it.
        stride: pixels of the image between two neighbouring positions; None after the last feature map.
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


@dataclass(frozen=True)
class Counts:
    """The counts of one network: `rows` has the layers, the other attributes are totals. Memory is in bytes.

    Attributes:
        name: what the network is called.
        input_shape: (H, W, C) of an image in pixels; None where a size is not known.
        feature_shape: (H, W, C) of the last feature map, which the head reads; None where no single map enters a head.
        rows: a row a layer, each after those that it reads.
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
    def macs(self) -> int | None:
        """Multiply-adds for one image; None where the image size is not known."""
        return _total([row.macs for row in self.rows])

    @property
    def head_macs(self) -> int | None:
        return _total([row.macs for row in self.rows if row.part == "head"])

    @property
    def backbone_macs(self) -> int | None:
        return _total([row.macs for row in self.rows if row.part == "backbone"])

    @property
    def weight_bytes(self) -> int:
        """Memory of the weights."""
        return sum(row.weight_bytes for row in self.rows)

    @property
    def activation_bytes(self) -> int | None:
        """Memory of every layer's output for one image; None where the image size is not known."""
        return _total([row.activation_bytes for row in self.rows])

    @property
    def file_bytes(self) -> int:
        """About the size of the model saved as `.keras`, without an optimizer."""
        return self.weight_bytes + _FILE_BYTES_A_LAYER * len(self.rows)

    def training_bytes(self, batch_size: int, optimizer: str) -> int | None:
        """Memory of a training step: weights, gradients, the optimizer's slots, and every layer's output for a batch.

        Gradients and slots are float32. What TensorFlow needs beside them for a moment is not in it: on a CPU it took
        1.1 to 2.2 times as much, by `python benchmarks/memory.py`.

        Args:
            batch_size: images a step.
            optimizer: "adam", "adamw", or "sgd" with momentum.

        Returns:
            Bytes; None where the image size is not known.

        Raises:
            ValueError: on an unknown optimizer, or a batch below one image.
        """
        at_least(1, batch_size, "batch_size")
        if optimizer not in SLOTS:
            raise ValueError(f"Unknown optimizer {optimizer!r}. Use one of: {', '.join(SLOTS)}.")
        if self.activation_bytes is None:
            return None
        learnt = (1 + SLOTS[optimizer]) * FLOAT32 * self.trainable_params
        return self.weight_bytes + learnt + batch_size * self.activation_bytes

    @property
    def totals(self) -> dict[str, Any]:
        """The name and all totals, plain data."""
        names = ("params", "trainable_params", "backbone_params", "head_params", "macs", "backbone_macs", "head_macs")
        memory = ("weight_bytes", "activation_bytes", "file_bytes")
        return {each: getattr(self, each) for each in ("name", "input_shape", "feature_shape", *names, *memory)}

    def records(self) -> list[dict[str, Any]]:
        """A dict a layer, as `pandas.DataFrame` takes them."""
        return [row._asdict() for row in self.rows]

    def record(self) -> dict[str, Any]:
        """Totals and rows, plain data."""
        return {**self.totals, "rows": self.records()}

    def to_json(self) -> str:
        """Totals and rows as a JSON object."""
        return json.dumps(self.record())

    def __str__(self) -> str:
        lines = [(row.name, row.op, text(row.output_shape), count(row.params), count(row.macs)) for row in self.rows]
        features = "none" if self.feature_shape is None else text(self.feature_shape)
        activations = "?" if self.activation_bytes is None else memory(self.activation_bytes)
        return "\n".join(
            (
                table(("layer", "op", "output", "params", "MACs"), lines, right=(3, 4)),
                "",
                f"{self.name}: input {text(self.input_shape)}, features {features}, "
                f"output {text(self.rows[-1].output_shape)}",
                f"params  {count(self.params)} ({count(self.trainable_params)} trainable): "
                f"backbone {count(self.backbone_params)}, head {count(self.head_params)}",
                f"MACs    {count(self.macs)}: backbone {count(self.backbone_macs)}, head {count(self.head_macs)}",
                f"memory  weights {memory(self.weight_bytes)}, activations {activations} an image, "
                f"file about {memory(self.file_bytes)}",
            )
        )


def activation_bytes(output: Shape, each: int = FLOAT32) -> int | None:
    """Memory of an output of this shape, each value so many bytes."""
    return None if None in output else each * prod(filter(None, output))


def _total(values: list[int | None]) -> int | None:
    return None if None in values else sum(filter(None, values))
