"""The dashboard, as `streamlit run app.py` serves it, made ready for its first page while the browser is starting.

    python scripts/serve.py [options of streamlit run]

The page's script would load all this before it shows anything, and the browser would wait.
"""

from __future__ import annotations

import importlib
import inspect
import sys
import threading
import time
from pathlib import Path

from PIL import Image
from streamlit import runtime
from streamlit.web import cli

APP = Path(__file__).parents[1] / "app.py"
MODULES = (
    "dashboard.common.growth_chart",
    "dashboard.home.feature_map_editor",
    "dashboard.home.tour",
)
"""What the first page imports, with all that these import."""


def ready() -> None:
    """Load what the first page needs."""
    for name in MODULES:
        importlib.import_module(name)
    Image.preinit()
    # Streamlit looks once whether it runs in a notebook, and for that Python looks up the files of all modules. It
    # remembers them.
    inspect.stack()


def _once_served() -> None:
    while not runtime.exists():
        time.sleep(0.02)
    ready()


if __name__ == "__main__":
    threading.Thread(target=_once_served, name="ready", daemon=True).start()
    cli.main(["run", str(APP), *sys.argv[1:]])
