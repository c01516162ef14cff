"""The strip of stages, the maps of a chosen layer, and what its residual block adds, on the page."""

from __future__ import annotations

import json
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from dashboard.cam import model_picker
from dashboard.cam.explanations import digest
from dashboard.cam.image_picker import PickedImage
from dashboard.cam.image_placement import data_url
from dashboard.cam.model_picker import Model
from dashboard.common import packed_maps
from dashboard.common.background_work import run_in_background
from dashboard.common.page import messages, plain
from dashboard.components import component
from dashboard.inside.layer_maps import STAGE_MAPS, Block, Layer, Maps, Pass, stages

_component = component("stages", "shared_maps")


@st.fragment
def show(model: Model, image: PickedImage, key: str) -> None:
    """Show the stages of a model for an image, and the maps of the layer that is chosen in it or by the address."""
    place = st.empty()
    with messages(go_on=True):
        asked = (st.session_state.get(key) or {}).get("layer") or st.query_params.get("inside_layer")
        work = partial(look, model, image.pixels, digest(image.pixels), asked)
        layers, strip, maps, block = run_in_background(
            work, lambda seconds: place.caption(f"{plain(model.name)}: {seconds:.0f} s")
        )
        names, layer = [each.name for each in layers], maps.layer
        pixels = model.classifier.fit(image.pixels)
        content = {
            "image": data_url(pixels),
            "size": pixels.shape[:2],
            "stages": [{"layer": each.layer, "shape": each.shape, "maps": _pictures(each)} for each in strip],
            "layers": [(each.name, f"{each.name} ({each.operation})") for each in layers],
            "layer": layer,
            "operation": next(each.operation for each in layers if each.name == layer),
            "field": next(each.field for each in layers if each.name == layer),
            "shape": maps.shape,
            "numbers": maps.numbers.tolist(),
            "maps": _pictures(maps),
            "block": block and _block(block, model.classifier.class_names),
        }
        result = _component(
            data={"content": json.dumps(content)}, default={"layer": None}, key=key, on_layer_change=lambda: None
        )
        if result.layer in names and result.layer != st.query_params.get("inside_layer"):
            st.query_params["inside_layer"] = result.layer
    place.empty()


def _first(layers: list[Layer]) -> str:
    """The layer to open with: the last sum of a residual network, or the last of all."""
    sums = [layer.name for layer in layers if layer.operation == "Add"]
    return sums[-1] if sums else layers[-1].name


def _block(block: Block, names: tuple[str, ...]) -> dict[str, Any]:
    """A block's maps on one scale of gray, and the top class's score with and without the shortcut."""
    scores, without = (_per_class(values, len(names)) for values in (block.scores, block.without))
    top = int(scores.argmax())
    limit = max(float(np.abs(values).max()) for values in (block.x, block.f, block.total)) or 1.0
    return {
        "numbers": block.numbers.tolist(),
        "rows": [
            ("x, the input", packed_maps.packed(block.x, limit)),
            ("F(x), by the layers", packed_maps.packed(block.f, limit)),
            ("x + F(x), the sum", packed_maps.packed(block.total, limit)),
        ],
        "name": names[top],
        "score": float(scores[top]),
        "without": float(without[top]),
        "then": names[int(without.argmax())],
    }


def _per_class(scores: np.ndarray, classes: int) -> np.ndarray:
    """A single unit of yes or no has two scores."""
    return scores if len(scores) == classes else np.concatenate([-scores, scores])


def _pictures(maps: Maps) -> dict[str, Any]:
    return packed_maps.packed(maps.values, float(np.abs(maps.values).max()) or 1.0)


@st.cache_data(max_entries=64, hash_funcs=model_picker.KEYS, show_spinner=False)
def look(
    model: Model, _pixels: np.ndarray, key: str, asked: str | None
) -> tuple[list[Layer], list[Maps], Maps, Block | None]:
    """All layers, the maps of each stage, and those of the layer that is asked for, with its block; one forward pass.

    The image is uint8 (H, W, C), with its digest as the cache's key. Another layer is shown if there is none like that.
    """
    classifier = model.classifier
    image = classifier.to_input(classifier.fit(_pixels)[np.newaxis])
    passed = Pass(classifier.model, image, model.output)
    layers = passed.layers(_fields(model))
    strip = [passed.maps(stage.name, STAGE_MAPS) for stage in stages(layers)]
    layer = asked if asked in {each.name for each in layers} else _first(layers)
    return layers, strip, passed.maps(layer), passed.block(layer)


@st.cache_data(max_entries=32, hash_funcs=model_picker.KEYS, show_spinner=False)
def _fields(model: Model) -> dict[str, int | None]:
    """Receptive fields by layer."""
    from tfpool.counting.keras_model import read

    return {row.name: row.receptive_field for row in read(model.classifier.model).rows}
