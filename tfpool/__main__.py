import sys

from tfpool.cli.parser import main
from tfpool.system.startup import do_without

if __name__ == "__main__":
    # Figures of findings are drawn by Matplotlib without it.
    do_without("matplotlib.pyplot", "pandas")
    sys.exit(main())
