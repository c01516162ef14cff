import sys

from tfpool.cli import main

if __name__ == "__main__":
    sys.exit(main())
