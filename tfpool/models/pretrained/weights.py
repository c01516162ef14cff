"""Loading pretrained weights into a built model: ImageNet's by name, or those of a file."""

from __future__ import annotations

import os
import re
import sys
from contextlib import redirect_stdout
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from tfpool.counting.plan import Plan
from tfpool.counting.plan import plan as describe
from tfpool.models.pretrained import weight_files
from tfpool.models.pretrained.applications import APPLICATIONS, BUNDLED, check_has_weights

if TYPE_CHECKING:
    import keras

SQUEEZENET = BUNDLED / "squeezenet_imagenet.npz"
STANDARD_DEVIATION = (0.229, 0.224, 0.225)
"""Of ImageNet's red, green and blue on a scale from 0 to 1, rounded as in keras.applications' EfficientNets."""


def load_weights(model: keras.Model, plan: Plan, weights: str | os.PathLike[str]) -> None:
    """Load pretrained weights into a model that was built from a plan.

    The backbone gets its weights, or there is an error. The head is loaded too if it is the published head with 1000
    classes ("imagenet"), or if all of the file's head weights fit. Otherwise the head is not changed.

    Args:
        model: what `tfpool.build` returned for `plan`.
        plan: what the model was built from. ImageNet weights are for images of any size with three channels.
        weights: "imagenet" for a network from `NETWORKS`: SqueezeNet's weights are bundled, Keras downloads and caches
            the others. Or a file: `.weights.h5`, `.h5`, `.keras`, or `.npz` with arrays named "layer/weight".

    Raises:
        ValueError: if the weights do not exist, cannot be downloaded or read, or do not fit the backbone.
    """
    if weights == "imagenet":
        check_has_weights(plan.backbone)
        _check_published(plan)
        if plan.backbone in APPLICATIONS:
            _download(model, plan)
        else:
            layers = weight_files.read_arrays(_intact(SQUEEZENET))
            weight_files.assign(model, plan, layers, SQUEEZENET.name, _has_published_head(plan), by_name=True)
    elif isinstance(weights, str | os.PathLike):
        weight_files.load_file(model, plan, Path(weights))
    else:
        raise ValueError(f'Expected weights="imagenet" or the path of a file, got {weights!r}.')
    _finish_normalization(model)


def _check_published(plan: Plan) -> None:
    if plan.input_shape[-1] != 3:
        raise ValueError(
            f"ImageNet weights are for images of 3 channels, got input_shape={plan.input_shape}. "
            "Use 3 channels, or leave the weights out."
        )
    published = describe(plan.backbone).backbone_params
    for name, value in plan.settings.items():
        if describe(plan.backbone, **{name: value}).backbone_params != published:
            raise ValueError(
                f"The ImageNet weights of {plan.backbone} are for its published {name}, got {name}={value!r}. "
                f"Leave {name} or the weights out."
            )


def _has_published_head(plan: Plan) -> bool:
    return _head_layers(plan) == _head_layers(describe(plan.backbone))


def _head_layers(plan: Plan) -> list[tuple[str, str, int]]:
    rows = [row for row in plan.rows if row.part == "head" and row.op != "Dropout"]
    return [(row.name, row.op, row.params) for row in rows]


def _download(model: keras.Model, plan: Plan) -> None:
    """Let Keras download the weights into its cache, with a progress bar and a hash check, and copy them."""
    import keras

    _, constructor = APPLICATIONS[plan.backbone]
    make = getattr(keras.applications, constructor)
    try:
        # A script that reads results from stdout must not find the progress bar there.
        with redirect_stdout(sys.stderr):
            official = make(weights="imagenet", include_top=_has_published_head(plan))
    except Exception as error:  # Keras raises a bare Exception if the address cannot be reached.
        print(file=sys.stderr)
        failure = re.search(r"URL fetch failure on (\S+): \S+ -- (.*)", str(error))
        reason = f"from {failure[1]}: {failure[2]}" if failure else f"and checked: {error}"
        raise ValueError(
            f"The ImageNet weights of {plan.backbone} could not be downloaded {reason}. Try again with a network, "
            'or give a file: weights="path/to/file".'
        ) from error
    layers = [(layer.name, layer.get_weights()) for layer in official.layers if layer.weights]
    weight_files.assign(model, plan, layers, source=f"keras.applications.{constructor}")


def _finish_normalization(model: keras.Model) -> None:
    """Make Normalization layers compute with the weights that were loaded.

    The files of the EfficientNets hold standard deviations where the layer takes variances. keras.applications corrects
    this with another layer, github.com/tensorflow/tensorflow/issues/49930; squaring them needs no layer.
    """
    import keras
    import numpy as np

    for layer in model.layers:
        if isinstance(layer, keras.layers.Normalization):
            mean, variance, count = layer.get_weights()
            if np.allclose(variance, STANDARD_DEVIATION, rtol=0, atol=1e-4):
                layer.set_weights([mean, np.square(variance), count])
            layer.finalize_state()


def _intact(path: Path) -> Path:
    try:
        expected = path.with_suffix(".npz.sha256").read_text().split(maxsplit=1)[0]
        intact = sha256(path.read_bytes()).hexdigest() == expected
    except (OSError, IndexError):
        raise ValueError(f"{path.name} or its checksum is missing. Take them from the repository again.") from None
    if not intact:
        raise ValueError(f"{path.name} is damaged: its SHA-256 is not {expected}. Take it from the repository again.")
    return path
