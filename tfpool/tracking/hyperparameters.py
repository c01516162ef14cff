"""Settings and results of a run as flat, plain values, for programs that compare runs. Loads no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from tfpool.system.format import setting
from tfpool.tracking import results
from tfpool.tracking.run import Run

_OF_THE_TEST = {"loss": "test_loss", "accuracy": "test_accuracy", "images": "tested_images"}
"""Names of those values of a result that are of the test images.

TensorBoard shows the first five metrics in alphabetical order, so the number of images comes after the others.
"""


def named_result(result: Mapping[str, float]) -> dict[str, float]:
    """The result of a run by names that stand beside the metrics of epochs: test_loss, test_accuracy, train_loss …"""
    return {_OF_THE_TEST.get(name, name): value for name, value in result.items()}


def hyperparameters(run: Run) -> dict[str, str | int | float | bool]:
    """Network, head, input, data set, every field of the recipe that is set, and the counts, by name.

    Settings of the head begin with "head_", such as "head_units". Several values are one text: "28×28×1",
    "flip shift". `parameters` and `macs` are missing if this version of tfpool cannot count the network.
    """
    plain: dict[str, str | int | float | bool] = {}
    for name, value in results.settings(run).items():
        is_number = isinstance(value, int | float)
        plain[name.replace(" ", "_")] = value if is_number else setting(name, value)
    with suppress(ValueError):
        counts = {"parameters": run.plan.params, "macs": run.plan.macs}
        plain |= {name: number for name, number in counts.items() if number is not None}
    return plain
