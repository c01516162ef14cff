import sys

from tfpool.cli.parser import main
from tfpool.system.startup import hide_packages

if __name__ == "__main__":
    # Keras imports both if they are installed; no command uses them.
    hide_packages("matplotlib.pyplot", "pandas")
    sys.exit(main())
