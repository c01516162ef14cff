"""How files are handed to threads: large ones one by one, small ones several at once."""

from itertools import chain

from tfpool.data.custom.layout import ClassFile
from tfpool.data.custom.listing import File
from tfpool.data.custom.scan import _small_ones_together


def test_small_files_are_read_several_at_once_and_photographs_alone() -> None:
    sizes = [50_000] * 5 + [3_000_000] * 2 + [90_000] + [400] * 20
    files = [ClassFile(File((f"{number}.jpg",), bytes, size), "a") for number, size in enumerate(sizes)]
    groups = list(_small_ones_together(files))
    assert list(chain.from_iterable(groups)) == files
    assert [len(group) for group in groups] == [4, 1, 1, 1, 16, 5]
    assert list(_small_ones_together([])) == []
