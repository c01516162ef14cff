import sys

from tfpool.cli.parser import main
from tfpool.system.startup import hide_packages


def run() -> int:
    """What the command `tfpool` and `python -m tfpool` do."""
    # Keras imports both if they are installed; no command uses them.
    hide_packages("matplotlib.pyplot", "pandas")
    return main()


if __name__ == "__main__":
    sys.exit(run())
