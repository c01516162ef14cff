"""The dashboard, as `streamlit run app.py` serves it, with Home's modules loaded while the browser is starting.

python scripts/serve.py [options of streamlit run]
"""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

from streamlit import runtime
from streamlit.web import cli

APP = Path(__file__).parents[1] / "app.py"


def _load_home_once_served() -> None:
    while not runtime.exists():
        time.sleep(0.02)
    from dashboard.preload import load_home

    load_home()


if __name__ == "__main__":
    threading.Thread(target=_load_home_once_served, name="preload", daemon=True).start()
    cli.main(["run", str(APP), *sys.argv[1:]])
