"""How a file's model takes its pixels, in a sentence, and a warning if another scale fits far better.

Where neither the model's graph nor anything else is certain, a few images are looked at under each scale, by one of two
kinds of evidence:

- `misfits`: a batch normalization remembers the mean and variance of its input in training. How far the images are from
  them is the divergence of two normal distributions, in nats, as a mean over channels.
- `reactions`, without one: how much the images move the logits from those of an input of zeros, as a deviation over
  classes. A model made for 0 to 255 hardly sees an image from 0 to 1; 0 to 255 drives one made for 0 to 1 beyond any
  sensible score. How sure the model is tells less: an untrained one is as sure under 0 to 255 as a trained one.

`python benchmarks/pixel_scale.py` counts, for one image and for eight, of the model's own kind and of another:

| | warned |
|---|---|
| the right scale | 0 of 1,242 |
| 0 to 255 and a small scale, mistaken for each other | 1,566 of 1,566 |
| 0 to 1 and −1 to 1, mistaken for each other, with batch normalization | 279 of 560 |
| two near scales, without | 0 of 362 |
| the right scale, without, accuracy of chance: hardly trained | 38 of 40 |
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tfpool.inference.classifier import Classifier

MODES = ("unit", "raw", "tf")
"""The scales that are compared. The others of `PIXEL_MODES` are near one of them."""
IMAGES = 8
MISFIT, TIMES = 0.5, 4.0
"""A misfit above this, and that many times the best, is a wrong scale."""
BLIND, DRIVEN = 2.0, 80.0
"""A reaction below, or above, is one to images of a wrong scale, if another scale's is between them."""

Images = Sequence[np.ndarray]


def pixel_record(classifier: Classifier, images: Images, control: str = "--pixels") -> dict[str, Any] | None:
    """How a file's model takes its pixels; None for a run or a published network, which are known.

    Args:
        images: uint8 (H, W, C) each, in the model's size. Some of them are used to compare scales, if there are any.
        control: where to choose another scale.

    Returns:
        The mode, whether it is an assumption, a sentence that says both, and a warning or None.
    """
    scale = classifier.pixels
    if scale is None:
        return None
    better = better_mode(classifier, images) if scale.own is None and images else None
    return {
        "mode": scale.mode,
        "assumed": scale.assumed,
        "sentence": scale.sentence(classifier.name, control),
        "warning": scale.warning(classifier.name, control, better),
    }


def better_mode(classifier: Classifier, images: Images) -> str | None:
    """The mode that fits a model far better than the one in use, if one does."""
    if classifier.pixels is None:
        return None
    used = classifier.pixels.mode
    if distances := misfits(classifier, images):
        best = min(distances, key=distances.__getitem__)
        return best if distances[used] > max(MISFIT, TIMES * distances[best]) else None
    strengths = reactions(classifier, images)
    if not strengths:
        return None
    if strengths[used] < min(BLIND, strengths["raw"] / TIMES) and strengths["raw"] < DRIVEN / 2:
        return "raw"
    return "unit" if strengths[used] > DRIVEN and BLIND / 4 < strengths["unit"] < DRIVEN / 2 else None


def misfits(classifier: Classifier, images: Images) -> dict[str, float]:
    """By mode, how far the images are from what the first batch normalization has seen; empty without one."""
    from keras import ops

    from tfpool.anatomy.input_arithmetic import image_input
    from tfpool.anatomy.pixel_scale import scale_pixels
    from tfpool.anatomy.unfold import ancestors, unfold

    graph = unfold(classifier.model)
    image = image_input(graph)
    steps = (step for step, _ in graph.steps if _has_statistics(step.operation))
    step = next((step for step in steps if ancestors(step.inputs[0]).intersection(graph.inputs) == {image}), None)
    if step is None:
        return {}
    source, layer = step.inputs[0], step.operation

    def moments(batch: np.ndarray, mode: str) -> tuple[np.ndarray, np.ndarray]:
        values = scale_pixels(batch, mode).reshape(batch.shape[: len(image.shape)])
        features = graph.run(source, {image: ops.convert_to_tensor(values, image.dtype)})
        channels = np.moveaxis(np.asarray(ops.cast(features, "float32"), np.float64), layer.axis, 0)
        channels = channels.reshape(len(channels), -1)
        return channels.mean(axis=1), (channels**2).mean(axis=1)

    def misfit(mode: str) -> float:
        means, squares = np.mean([moments(batch, mode) for batch in _batches(images)], axis=0)
        return _divergence(means, squares - means**2, layer)

    return {mode: misfit(mode) for mode in _modes(classifier)}


def reactions(classifier: Classifier, images: Images) -> dict[str, float]:
    """By mode, how much the images move the logits from those of zeros.

    Empty if the logits of zeros are all equal, as without any training: then no scale changes the order of classes.
    Empty also for numbers that are no probabilities, whose unit is unknown.
    """
    from tfpool.anatomy.pixel_scale import scale_pixels

    explainer = classifier.scorer

    def logits(values: np.ndarray) -> np.ndarray:
        scores = explainer.scores(values)
        if explainer.of == "probability":
            scores = np.log(np.maximum(scores, np.finfo(np.float32).tiny))
        return scores - scores.mean(axis=1, keepdims=True)

    by_mode = {
        mode: np.concatenate([logits(scale_pixels(batch, mode)) for batch in _batches(images)])
        for mode in _modes(classifier)
    }
    zeros = logits(np.zeros((1, *images[0].shape), np.float32))
    if explainer.of == "number" or np.ptp(zeros) < 1e-4:
        return {}
    return {mode: float(np.mean(np.std(rows - zeros, axis=1))) for mode, rows in by_mode.items()}


def _batches(images: Images) -> list[np.ndarray]:
    """The images that are looked at, uint8 (N, H, W, C): in one batch if they have one size."""
    first = images[:IMAGES]
    return [np.stack(first)] if len({image.shape for image in first}) == 1 else [image[np.newaxis] for image in first]


def _modes(classifier: Classifier) -> tuple[str, ...]:
    used = classifier.pixels.mode if classifier.pixels else MODES[0]
    return tuple(dict.fromkeys((*MODES, used)))


def _has_statistics(operation: Any) -> bool:
    """Whether it is a batch normalization that has seen images: its mean and variance start as 0 and 1."""
    import keras

    if not isinstance(operation, keras.layers.BatchNormalization):
        return False
    return bool(np.any(operation.moving_mean) or np.any(np.asarray(operation.moving_variance) != 1))


def _divergence(means: np.ndarray, variances: np.ndarray, layer: Any) -> float:
    """From normal distributions of these means and variances to those that a batch normalization has seen, in nats."""
    seen = np.asarray(layer.moving_variance, np.float64) + layer.epsilon
    ratio = np.maximum(variances, 1e-12) / seen
    shift = (means - np.asarray(layer.moving_mean)) ** 2 / seen
    return float(np.mean(ratio + shift - 1 - np.log(ratio)) / 2)
