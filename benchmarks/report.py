"""What the benchmarks share: their command-line options, and rows that are printed as they are measured."""

from __future__ import annotations

import argparse
import sys


def options(description: str | None, **sizes: tuple[float, float]) -> argparse.ArgumentParser:
    """A parser with `--short` and one option per size.

    Args:
        description: the script's docstring.
        sizes: by name, the default and the default with `--short`.
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="see that it runs: smaller sizes, and no aim fails it")
    for name, (full, short) in sizes.items():
        default = short if "--short" in sys.argv else full
        flag, text = f"--{name.replace('_', '-')}", f"default: {full:g}, with --short {short:g}"
        parser.add_argument(flag, type=type(full), default=default, help=text)
    return parser


class Rows:
    """A table that prints each row as it comes: the first column flush left, the others flush right."""

    def __init__(self, *header: str, first_width: int = 64) -> None:
        self._widths = [first_width, *(max(len(name), 10) for name in header[1:])]
        self.add(*header)
        self.add(*("─" * width for width in self._widths))

    def add(self, first: str, *cells: str) -> None:
        right = (cell.rjust(width) for cell, width in zip(cells, self._widths[1:], strict=True))
        print("  ".join([first.ljust(self._widths[0]), *right]).rstrip(), flush=True)
