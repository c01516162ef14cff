"""What is loaded before anybody has to wait for it, and what that saves.

Processor time on two cores, by `time python -c STATEMENT`, median of 3:

- 0.4 s per start of the server: the modules of Home, loaded while the browser starts. Streamlit is loaded already.
  STATEMENT: "import dashboard.home.tour, dashboard.home.feature_map_editor, dashboard.common.growth_chart"
- 4.1 s for the first visitor of CAM: Keras, loaded in the background, and the first maps.
  STATEMENT: "import keras", or 6.0 s without `tfpool.system.startup.skip_garbage_collection`
- 0.8 s for the first page: Home draws its chart as SVG (`dashboard.common.growth_chart`), without Plotly and pandas.
  STATEMENT: "import pandas, plotly.graph_objects as go; go.Figure([{'type': 'scatter'}]).to_json()"

And in the browser, 1.7 s of the first map on CAM, as in `benchmarks/dashboard.py`: the script that draws charts, loaded
while nobody moves (`components/shared_chart_preload.js`).
"""

from __future__ import annotations

import os
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

import streamlit as st

from dashboard.keras_loading import in_a_server, load_keras
from tfpool.system.startup import skip_garbage_collection

DELAY = 4.0
"""Seconds before Keras is loaded, so that the first page has the processor to itself."""
_lock = threading.Lock()
_started = False


def load_home() -> None:
    """Load the modules of the first page."""
    import dashboard.common.glossary
    import dashboard.common.growth_chart
    import dashboard.common.presets
    import dashboard.common.visitor_menu
    import dashboard.home.feature_map_editor
    import dashboard.home.pooling_window
    import dashboard.home.tour  # noqa: F401


@cache
def chart_script() -> str:
    """The file of Streamlit's that draws Plotly's charts; empty if Streamlit has none of that name."""
    scripts = Path(st.__file__).parent / "static" / "static" / "js"
    return next((path.name for path in scripts.glob("PlotlyChart.*.js")), "")


def load_keras_in_background() -> bool:
    """Load Keras, first maps and first scores in a thread: once per server, and not where TFPOOL_WARMING is "off".

    Returns whether this call started the thread.
    """
    global _started
    if os.environ.get("TFPOOL_WARMING") == "off" or not in_a_server():
        return False
    with _lock:
        if _started:
            return False
        _started = True
    threading.Thread(target=_load_maps, name="preload", daemon=True).start()
    return True


def _load_maps() -> None:
    time.sleep(DELAY)
    with skip_garbage_collection():
        load_keras()
    from dashboard.cam import explanations, image_picker, model_picker
    from dashboard.common.page import store
    from dashboard.inside import layer_view, score_view
    from tfpool import examples
    from tfpool.tracking.query import split_countable

    # The CAM page itself reports a model that cannot be opened.
    with suppress(ValueError):
        known = model_picker.choices(split_countable(store().runs())[0])
        # What the page opens with, and what is one click away.
        for names in (model_picker.defaults(known), list(examples.runs())):
            chosen = [model_picker.model_of(name, known[name]) for name in names]
            pixels = image_picker.first_image(chosen).pixels
            for model in chosen:
                explanations.view(model, explanations.METHOD, pixels, explanations.digest(pixels), explanations.Query())
        # Of Inside all that is compiled, so that any image is answered at once.
        name = score_view.first_model(known)
        model = model_picker.model_of(name, known[name])
        image = image_picker.first_image([model], score_view.FIRST_IMAGE)
        key = explanations.digest(image.pixels)
        score_view.terms_of(model, image.pixels, key, image.label)
        layer_view.look(model, image.pixels, key, None)
