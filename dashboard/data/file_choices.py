"""What a person chooses about files: the encoding of names in a zip, and pages and bands of TIFF files."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from tfpool.data.custom.code_pages import CODE_PAGES
from tfpool.data.tiff import choice_of_text

_PAGE_HELP = "A number, or all to use each page as an image. The pages of a file stay in one part of the split."
_BANDS_HELP = (
    "Which bands are red, green and blue, such as 4,3,2 for Sentinel-2. Empty: as the file says, for up to four bands."
)


def encoding(code_pages: Sequence[tuple[str, str]]) -> str | None:
    """The encoding of names in a zip that do not say theirs; None where all do."""
    if not code_pages:
        return None
    names = dict(code_pages)
    return st.selectbox(
        "Names in the zip",
        list(names),
        key="data_encoding",
        # A menu shows text as it is.
        format_func=lambda key: f"{names.get(key, '')} – {CODE_PAGES[key]}",
        help="The zip does not say in which encoding its names are. Choose the one in which they read right.",
    )


def pages_and_bands(has_tiff: bool) -> dict[str, Any]:
    """Arguments of `inspect` and `add`: the page and the bands of TIFF files; none without such files.

    Raises ValueError if there is no such page or band.
    """
    if not has_tiff:
        return {}
    left, right = st.columns(2)
    page = left.text_input("Page of TIFF files", "1", key="data_page", max_chars=6, help=_PAGE_HELP)
    bands = right.text_input(
        "Bands of TIFF files", key="data_bands", max_chars=40, placeholder="4,3,2", help=_BANDS_HELP
    )
    return choice_of_text(page, bands)
