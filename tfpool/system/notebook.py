"""What a notebook shows of an object: tables and pictures as HTML. `_repr_html_` of the public classes uses it."""

from __future__ import annotations

import base64
import sys
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from html import escape
from typing import TYPE_CHECKING

from tfpool.system.png import png_bytes

if TYPE_CHECKING:
    import numpy as np


def is_notebook() -> bool:
    """Whether this process is the kernel of a notebook."""
    # A program that runs in a notebook has imported IPython.
    ipython = sys.modules.get("IPython")
    return ipython is not None and getattr(ipython.get_ipython(), "kernel", None) is not None


@contextmanager
def quiet_notebook() -> Iterator[None]:
    """Keep what TensorFlow's libraries log while they load out of a notebook."""
    if not is_notebook():
        yield
        return
    from tfpool.system.terminal import hide_logs

    with hide_logs():
        yield


def html_table(header: Sequence[str], rows: Iterable[Sequence[str]], right: Collection[int] = ()) -> str:
    """As `format.table`: a header and rows; the columns whose numbers are in `right` are right-aligned."""

    def line(cells: Sequence[str], tag: str) -> str:
        sides = ("right" if column in right else "left" for column in range(len(cells)))
        return "".join(
            f'<{tag} style="text-align: {side}">{escape(cell)}</{tag}>' for cell, side in zip(cells, sides, strict=True)
        )

    body = "".join(f"<tr>{line(cells, 'td')}</tr>" for cells in rows)
    # A network may have hundreds of layers.
    return (
        '<div style="max-height: 30em; overflow: auto; width: fit-content; max-width: 100%">'
        f"<table><thead><tr>{line(header, 'th')}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def html_lines(*lines: str) -> str:
    """One paragraph of lines."""
    return f"<p>{'<br>'.join(map(escape, lines))}</p>"


def html_picture(pixels: np.ndarray, alt: str) -> str:
    """A picture, uint8 (H, W, 3), and its text for screen readers."""
    data = base64.b64encode(png_bytes(pixels)).decode("ascii")
    return f'<img src="data:image/png;base64,{data}" alt="{escape(alt)}" style="max-width: 100%">'
