"""Boxes in a table, a row per box, as for TensorFlow's detection: file, width, height, class, xmin, ymin, xmax, …"""

from __future__ import annotations

from collections.abc import Iterator

from tfpool.data.custom.layout import Layout
from tfpool.data.custom.listing import Listing
from tfpool.data.custom.readings.box_values import numbers_of, within
from tfpool.data.custom.readings.boxes import Boxed, BoxLog, as_layout
from tfpool.data.custom.readings.image_matching import ImageIndex
from tfpool.data.custom.readings.table_columns import Labels, corner_columns
from tfpool.data.custom.readings.table_labels import LabelTables


def layout_of_rows(table: LabelTables, labels: Labels, listing: Listing, index: ImageIndex) -> Layout:
    """Each row as an image of its class, cut out of the image that it names."""
    log = BoxLog({file.name for file in table.files})
    return as_layout(listing, index, _boxes(table, labels, log), log, f"each box of {table.name}")


def _boxes(table: LabelTables, labels: Labels, log: BoxLog) -> Iterator[Boxed]:
    columns = [table.columns.by_name[name] for name in corner_columns(table.columns)]
    for match, label, *cells in zip(table.matches, labels.of_rows, *columns, strict=True):
        numbers = numbers_of(map(str, cells))
        box = None
        if isinstance(match, int) and label and numbers and min(numbers[:2]) > 0:
            width, height, left, top, right, bottom = numbers
            box = within(left / width, top / height, right / width, bottom / height)
            if box:
                yield Boxed(match, label, box, (int(height), int(width)))
        if not box:
            log.lost += 1
