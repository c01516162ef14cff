"""Does a map depend on what the model has learnt? What is left of it when the weights are shuffled, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from tfpool.anatomy.unfold import unfold
from tfpool.cam.explainer import Explainer
from tfpool.cam.metrics.rank_correlation import agreement
from tfpool.cam.targets import Contrast, Target
from tfpool.validation import at_least


@dataclass(frozen=True, eq=False)
class SanityCheck:
    """How like the original each map is on the way from the trained model to a random one.

    Attributes:
        layers: names of the layers with weights, from the head down to the image: the order that they are shuffled in.
        agreements: float64 (L, N), `agreement` of each map with the original after each of these steps.
    """

    layers: tuple[str, ...]
    agreements: np.ndarray


def sanity_check(
    model: keras.Model,
    images: Any,
    method: str = "gradcam",
    target: Target = None,
    seed: int = 0,
    labels: Any = None,
    **settings: Any,
) -> SanityCheck:
    """Shuffle the weights layer after layer, from the head down, and compare each map with the original.

    A map that says what the model has learnt falls to an agreement of about 0 on the way. One that stays shows the
    image, or the network's shape. The comparison is Spearman's and keeps the maps' signs; a map that has become flat
    counts 0. Adebayo et al. 2018, arXiv 1810.03292 (cascading). Baseline: `agreement` with a `random_map`, 0 on
    average.

    A layer's weights are shuffled among themselves, array by array, so that each keeps its own distribution; an array
    of equal values, such as a bias that was never trained, stays. All is done to a copy: the model is as it was.

    Args:
        model: a Keras classifier, as `Explainer` takes it.
        images: (N, H, W, C), scaled as the model was trained on them.
        method: a name from `methods()`.
        target: what to explain, as `explain` takes it. Default: the class with the highest score of the model itself,
            at each step.
        seed: of the shuffling.
        labels: int (N,), the true classes, where a target is "true".
        settings: what else `Explainer` takes, such as `layer`.

    Raises:
        ValueError: if `Explainer` would not take the model, the method, the images or the target, or Keras can't copy
            one of the model's layers.
    """
    seed = at_least(0, seed, "seed")
    original = Explainer(model, method, **settings)(images, target, labels)
    asked: Target = original.targets
    if callable(target):
        asked = target
    elif original.others is not None:
        asked = Contrast(original.targets, original.others)
    copy = _copied(model)
    explainer = Explainer(copy, method, **settings)
    layers = {step.operation: step.name for step, _ in reversed(unfold(copy).steps) if _weights(step.operation)}
    agreements = []
    for number, layer in enumerate(layers):
        random = np.random.default_rng([seed, number])
        for weight in _weights(layer):
            values = weight.numpy()
            weight.assign(random.permutation(values.ravel()).reshape(values.shape))
        agreements.append(agreement(original.heatmaps, explainer(images, asked).heatmaps))
    return SanityCheck(tuple(layers.values()), np.reshape(agreements, (len(layers), len(original.heatmaps))))


def _weights(operation: keras.Operation) -> list[Any]:
    return operation.weights if isinstance(operation, keras.Layer) else []


def _copied(model: keras.Model) -> keras.Model:
    try:
        copy = keras.models.clone_model(model)
    except (NotImplementedError, TypeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"The check is done to a copy of {model.name}, which Keras can't make: {reason}") from None
    copy.set_weights(model.get_weights())
    return copy
