"""Small pictures of some image files of a source, to look at."""

from __future__ import annotations

import io
from collections.abc import Collection

import numpy as np

from tfpool.data.custom.image_files import open_source
from tfpool.data.custom.scan import Source
from tfpool.data.images import BadImage, decode
from tfpool.data.tiff import FIRST_PAGE, TiffChoice

_SIDE = 192


def example_images(
    source: Source,
    names: Collection[str],
    encoding: str | None = None,
    tiff: TiffChoice = FIRST_PAGE,
    depth: int | None = None,
) -> dict[str, np.ndarray]:
    """Files of a folder or zip by their names, as a report has them: uint8 (h, w, 3), at most 192 pixels wide and high.

    `encoding`, `tiff` and `depth` are those of `scan`. What cannot be read, or has gone since, is left out.
    """
    found: dict[str, np.ndarray] = {}
    with open_source(source, encoding) as listing:
        for file in listing.files:
            if file.name not in names or file.name in found:
                continue
            try:
                image = decode(io.BytesIO(file.read()), file.name, depth, tiff).image
            except BadImage:
                continue
            image.thumbnail((_SIDE, _SIDE))
            found[file.name] = np.asarray(image)
    return found
