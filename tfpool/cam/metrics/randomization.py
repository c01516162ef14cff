"""Does a map depend on what the model has learned? How it changes while the weights are shuffled, layer by layer."""

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
    """How similar each map is to the original on the way from the trained model to a random one.

    Attributes:
        layers: names of the L layers with weights, from the head to the image, in the order of shuffling.
        agreements: float64 (L, N), `agreement` of each map with the original after each layer.
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
    """Shuffle the weights layer by layer, from the head to the image, and compare each map with the original.

    The agreement of a map that depends on what the model has learned falls to about 0. A map that stays the same shows
    the image or the architecture. The comparison is Spearman's rank correlation with the maps' signs; a flat map
    has 0. Adebayo et al. 2018, arXiv 1810.03292 (cascading). Baseline: `agreement` with a `random_map`, 0 on average.

    The values within each weight array are shuffled, so that its distribution stays; an array of equal values, such as
    an untrained bias, does not change. The model is copied and not changed.

    Args:
        model: a Keras classifier, as `Explainer` takes it.
        images: (N, H, W, C), scaled as the model was trained on them.
        method: a name from `methods()`.
        target: what to explain, as `explain` takes it. Default: the class with the highest score of the trained model,
            at each step.
        seed: of the shuffling.
        labels: int (N,), the true classes, if a target is "true".
        settings: further arguments of `Explainer`, such as `layer`.

    Raises:
        ValueError: if `Explainer` refuses the model, the method, the images or the target, or Keras cannot copy one of
            the model's layers.

    Example:
        >>> import keras
        >>> import numpy as np
        >>> import tfpool as tp
        >>> layers = [keras.layers.Conv2D(4, 3, name="conv"), keras.layers.GlobalAveragePooling2D()]
        >>> model = keras.Sequential([keras.Input((8, 8, 1)), *layers, keras.layers.Dense(3, name="predictions")])
        >>> check = tp.metrics.sanity_check(model, np.random.default_rng(0).random((2, 8, 8, 1)), method="cam")
        >>> check.layers, check.agreements.shape
        (('predictions', 'conv'), (2, 2))
    """
    seed = at_least(0, seed, "seed")
    original = Explainer(model, method, **settings)(images, target, labels)
    fixed_target: Target = original.targets
    if callable(target):
        fixed_target = target
    elif original.others is not None:
        fixed_target = Contrast(original.targets, original.others)
    copy = _copied(model)
    explainer = Explainer(copy, method, **settings)
    layers = {step.operation: step.name for step, _ in reversed(unfold(copy).steps) if _weights(step.operation)}
    agreements = []
    for number, layer in enumerate(layers):
        random = np.random.default_rng([seed, number])
        for weight in _weights(layer):
            values = weight.numpy()
            weight.assign(random.permutation(values.ravel()).reshape(values.shape))
        agreements.append(agreement(original.heatmaps, explainer(images, fixed_target).heatmaps))
    return SanityCheck(tuple(layers.values()), np.reshape(agreements, (len(layers), len(original.heatmaps))))


def _weights(operation: keras.Operation) -> list[Any]:
    return operation.weights if isinstance(operation, keras.Layer) else []


def _copied(model: keras.Model) -> keras.Model:
    try:
        copy = keras.models.clone_model(model)
    except (NotImplementedError, TypeError, ValueError) as error:
        reason = (str(error).strip() or type(error).__name__).splitlines()[0]
        raise ValueError(f"The sanity check needs a copy of {model.name}, but Keras cannot copy it: {reason}") from None
    copy.set_weights(model.get_weights())
    return copy
