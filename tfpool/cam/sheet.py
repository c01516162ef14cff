"""An explained image file as a picture to keep: the image beside its map."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from tfpool.cam.explainer import Explainer
from tfpool.cam.overlay import overlay
from tfpool.classifier import Classifier
from tfpool.files import atomic

_SIDE = 320


def explain_file(classifier: Classifier, image: str, method: str, target: str | None, out: str) -> dict[str, Any]:
    """Explain a model on an image file and write a PNG of image and map, each at least 320 pixels high.

    Returns:
        The class explained, its score and probability, the feature layer, the map, the value drawn at full colour,
        and the file written.

    Raises:
        ValueError: if the file is no image, there is no such class or method, or there is no model yet.
    """
    wanted = None if target is None else classifier.class_number(target)
    if Path(out).suffix.lower() != ".png":
        raise ValueError(f"The map is written as a PNG file, got --out {out}. Use a name that ends in .png.")
    pixels = classifier.read(image)
    batch = classifier.to_input(pixels[np.newaxis])
    explainer = Explainer(classifier.model, method)
    explanation = explainer(batch, wanted)
    heatmap, number = explanation.heatmaps[0], int(explanation.targets[0])
    limit = float(np.abs(heatmap).max())
    probabilities = explainer.probabilities(batch)[0]
    _write(pixels, heatmap, Path(out))
    return {
        "model": classifier.name,
        "method": method,
        "class": number,
        "class_name": classifier.class_names[number],
        "score": float(explanation.scores[0]),
        "probability": float(probabilities[number]),
        "layer": explanation.layer,
        "heatmap": heatmap.tolist(),
        "limit": limit,
        "out": out,
    }


def _write(pixels: np.ndarray, heatmap: np.ndarray, out: Path) -> None:
    times = -(-_SIDE // min(pixels.shape[:2]))
    large = pixels.repeat(times, axis=0).repeat(times, axis=1)
    plain = overlay(large, np.zeros((1, 1)))
    picture = np.concatenate([plain, overlay(large, heatmap, alpha=0.8)], axis=1)
    try:
        with atomic(out) as temporary:
            Image.fromarray(picture).save(temporary, format="PNG")
    except OSError as error:
        raise ValueError(f"The map cannot be written to {out}: {error.strerror}.") from None
