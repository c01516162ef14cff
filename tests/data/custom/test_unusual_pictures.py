"""What the report on a source says of its pictures, and one rule for all of a data set."""

from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image

from tests.data.conftest import Fill, noise, packed
from tfpool import data
from tfpool.data import large_images
from tfpool.data.custom.frequent_reasons import frequent_reasons


def about(report: data.Report, word: str) -> str:
    (warning,) = (warning for warning in report.warnings if word in warning)
    return warning


def deep(folder: Path, maxima: list[int], suffix: str = "png") -> Path:
    """16-bit images of noise in the classes cat and dog, each up to one of the maxima."""
    for name in ("cat", "dog"):
        (folder / name).mkdir(parents=True, exist_ok=True)
        for number, maximum in enumerate(maxima):
            values = np.random.default_rng([number, len(name), ord(name[0])]).integers(0, maximum, (9, 9))
            values[0, :] = maximum
            Image.fromarray(values.astype(np.uint16)).save(folder / name / f"{number}.{suffix}")
    return folder


@pytest.mark.parametrize("suffix", ["png", "tiff"])
def test_all_deep_images_of_a_data_set_are_scaled_alike(tmp_path: Path, suffix: str) -> None:
    folder = deep(tmp_path / "xray", [500, 4000, 900], suffix)
    photos = [noise(number) for number in range(2)]
    for number, photo in enumerate(photos):
        photo.save(folder / "cat" / f"photo{number}.png")
    assert about(data.inspect(folder), "8 bits").endswith(
        "Their greatest value is 4,000, so all are read as values of 12 bits."
    )
    for number, source in enumerate((folder, packed(folder, tmp_path / "xray.zip"))):
        added = data.add(source, f"xray{number}", 9, channels=1)
        rows = [image[0, :, 0] for part in added.parts.values() for image in part.images]
        flat = sorted(int(row[0]) for row in rows if row.min() == row.max())
        assert flat == sorted([500 * 255 // 4095, 4000 * 255 // 4095, 900 * 255 // 4095] * 2)


def test_blank_and_dark_pictures_are_named(fill: Fill) -> None:
    folder = fill(cat=20, dog=20)
    Image.new("RGB", (9, 9), "red").save(folder / "cat/red.png")
    Image.new("L", (9, 9), 0).save(folder / "dog/black.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 16, (40, 40, 3), np.uint8)).save(folder / "dog/night.png")
    report = data.inspect(folder)
    assert about(report, "one color") == "Pictures that are of one color: 2, such as cat/red.png, dog/black.png."
    assert about(report, "almost black") == "Pictures that are almost black: 1, such as dog/night.png."


def test_white_ink_on_black_is_not_dark(fill: Fill) -> None:
    folder = fill(cat=20, dog=20)
    digit = np.zeros((28, 28), np.uint8)
    digit[4:24, 13:15] = 255
    Image.fromarray(digit).save(folder / "cat/digit.png")
    assert data.inspect(folder).warnings == ()


def test_pictures_that_are_equal_after_resizing_are_named_and_in_one_part(fill: Fill) -> None:
    folder = fill(cat=30, dog=30)
    large = np.kron(np.random.default_rng(5).integers(0, 256, (8, 8, 3), np.uint8), np.ones((32, 32, 1), np.uint8))
    for number in range(6):
        speck = large.copy()
        speck[16, 16, 0] ^= 1 + number
        Image.fromarray(speck).save(folder / "dog" / f"large{number}.png")
    reports: list[data.Report] = []
    added = data.add(folder, "pets", 8, told=reports.append)
    assert about(reports[0], "after resizing").endswith(": 6, such as dog/large0.png and dog/large1.png.")
    assert data.inspect(folder).duplicates == ()
    parts = [{image.tobytes() for image in part.images} for part in added.parts.values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 61


def test_the_most_frequent_reasons_are_in_the_report(fill: Fill) -> None:
    folder = fill(cat=20, dog=20)
    for number in range(3):
        (folder / f"cat/IMG_{number}.HEIC").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    (folder / "dog/empty.jpg").write_bytes(b"")
    assert about(data.inspect(folder), "cannot be read") == (
        "4 files cannot be read and will be left out: 3 are HEIC, but damaged or cut off, such as cat/IMG_0.HEIC; "
        "1 is empty, such as dog/empty.jpg."
    )


def test_a_folder_of_heic_is_read(fill: Fill) -> None:
    folder = fill(cat=0, dog=0)
    pillow_heif.register_heif_opener()
    for number, name in enumerate(("cat/1.HEIC", "cat/2.heif", "dog/1.hif", "dog/2.heic")):
        noise(number, (64, 48)).save(folder / name, "HEIF")
    report = data.inspect(folder)
    assert (report.images, report.sizes, report.unreadable) == (4, (((48, 64), 4),), ())


def test_a_folder_of_heic_alone_is_refused_with_what_to_install(fill: Fill, without_heif: None) -> None:
    folder = fill(cat=0, dog=0)
    for name in ("cat", "dog"):
        (folder / name / "x.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(20))
    with pytest.raises(ValueError, match=r"2 are HEIC, .*pip install pillow-heif.*such as cat/x\.heic") as error:
        data.inspect(folder)
    assert "sub-folder" not in str(error.value)


def test_files_of_another_kind_alone_are_named_in_the_refusal(fill: Fill) -> None:
    folder = fill(cat=0, dog=0)
    (folder / "cat/x.mat").write_bytes(b"")
    with pytest.raises(ValueError, match=r"1 is not named like an image, such as cat/x\.mat"):
        data.inspect(folder)


def test_huge_photographs_are_named_with_their_own_size(fill: Fill, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = fill(cat=20, dog=20)
    noise(99, (64, 48)).save(folder / "cat/huge.jpg")
    monkeypatch.setattr(large_images, "MAX_PIXELS", 1000)
    report = data.inspect(folder)
    assert ((48, 64), 1) in report.sizes
    assert about(report, "half").endswith(": 1, such as cat/huge.jpg.")


def test_reasons_are_counted_and_cut() -> None:
    files = [("a", "is empty"), ("b", "has more"), ("c", "has more"), ("d", "no file"), ("e", "a link")]
    assert frequent_reasons(files) == (
        "2 have more, such as b; 1 is empty, such as a; 1 is no file, such as d; and other reasons"
    )
