"""Small folders and zips of random images."""

import sys
import time
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tfpool import data
from tfpool.data import image_formats

Fill = Callable[..., Path]


def noise(seed: int, size: tuple[int, int] = (12, 10)) -> Image.Image:
    """A random image of a size (width, height), different for each seed."""
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (size[1], size[0], 3), np.uint8))


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder for data sets."""
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


@pytest.fixture
def without_heif(monkeypatch: pytest.MonkeyPatch) -> None:
    """As where pillow-heif is not installed."""
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    monkeypatch.setattr(image_formats, "FORMATS", tuple(name for name in image_formats.FORMATS if name != "HEIC"))


@pytest.fixture
def fill(tmp_path: Path) -> Fill:
    """Make a folder with a number of different images in each sub-folder."""

    def fill(name: str = "photos", **counts: int) -> Path:
        return filled(tmp_path / name, counts)

    return fill


def filled(root: Path, counts: Mapping[str, int], seed: int = 0) -> Path:
    """A folder of pictures by class, with seeds from a number on."""
    for folder, count in counts.items():
        (root / folder).mkdir(parents=True)
        for number in range(count):
            noise(seed).save(root / folder / f"{number}.png")
            seed += 1
    return root


def packed(folder: Path, to: Path, inside: str = "") -> Path:
    """A zip of a folder's files, all inside the folder `inside`."""
    with zipfile.ZipFile(to, "w") as archive:
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                archive.write(file, inside + str(file.relative_to(folder)))
    return to


def refused(source: object, word: str, home: Path) -> None:
    """Both `inspect` and `add` raise one sentence with that word, within seconds, and store nothing."""
    for read in (data.inspect, lambda source: data.add(source, "pets", 8)):
        start = time.process_time()
        with pytest.raises(ValueError, match=word) as error:
            read(source)  # type: ignore[operator]
        assert time.process_time() - start < 5
        assert "\n" not in str(error.value)
        assert str(error.value).endswith(".")
    assert not home.exists() or list(home.iterdir()) == []
