"""Pages and bands of TIFF files."""

import contextlib
import io
import sys
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image, TiffImagePlugin

from tests.data.conftest import Fill, noise
from tfpool import data
from tfpool.data import image_formats, large_images, tiff
from tfpool.data.custom import storage
from tfpool.data.images import BadImage, decode, maximum_of
from tfpool.data.tiff import TiffChoice, choice_of_text, pages_of, tiff_choice

GRAYS = (10, 90, 200)


def stack(mode: str = "L", grays: tuple[int, ...] = GRAYS) -> io.BytesIO:
    """A TIFF file of one page per gray."""
    file = io.BytesIO()
    first, *others = [Image.new("L", (8, 6), gray).convert(mode) for gray in grays]
    first.save(file, "TIFF", save_all=True, append_images=others)
    return file


def multiband(values: np.ndarray, **settings: object) -> io.BytesIO:
    """A TIFF file of bands, from (H, W, bands), or (bands, H, W) with planarconfig separate."""
    file = io.BytesIO()
    settings = {"photometric": "minisblack", "planarconfig": "contig", "metadata": None, **settings}
    tifffile.imwrite(file, values, **settings)
    return file


def grays_of(file: io.BytesIO, choice: TiffChoice) -> list[int]:
    return np.asarray(decode(file, "x.tif", None, choice).image)[0, 0].tolist()


@pytest.mark.parametrize("mode", ["L", "RGB", "RGBA"])
def test_each_page_can_be_read(mode: str) -> None:
    file = stack(mode)
    assert pages_of(file) == [1, 2, 3]
    for page, gray in enumerate(GRAYS, start=1):
        assert grays_of(file, TiffChoice(page)) == [gray] * 3
    assert [decode(file, "x", None, TiffChoice(page)).has_further_page for page in (1, 2)] == [True, False]
    with pytest.raises(BadImage, match="no page 4"):
        decode(file, "x.tif", None, TiffChoice(4))


def test_smaller_copies_of_a_picture_are_no_pages() -> None:
    file = io.BytesIO()
    with tifffile.TiffWriter(file) as writer:
        writer.write(np.full((32, 32), 99, np.uint8))
        writer.write(np.full((16, 16), 99, np.uint8), subfiletype=1)
        writer.write(np.full((8, 8), 99, np.uint8), subfiletype=1)
    assert pages_of(file) == [1]
    assert not decode(file, "x.tif").has_further_page


def test_what_is_no_tiff_has_one_page() -> None:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(file, "PNG")
    assert pages_of(file) == pages_of(io.BytesIO(b"II*\0")) == [1]
    # A choice for TIFF files changes no other file.
    assert grays_of(file, TiffChoice(3, (3, 2, 1))) == [255, 0, 0]


@pytest.mark.parametrize("is_separate", [False, True])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("number", [5, 13])
def test_three_bands_of_many_are_red_green_and_blue(number: int, dtype: type, is_separate: bool) -> None:
    values = np.broadcast_to(np.arange(number) * 10, (6, 8, number)).astype(dtype)
    settings = {"planarconfig": "separate"} if is_separate else {}
    file = multiband(np.moveaxis(values, -1, 0) if is_separate else values, **settings)
    assert grays_of(file, TiffChoice(1, (5, 3, 1))) == [40, 20, 0]
    assert decode(file, "x", None, TiffChoice(1, (5, 3, 1))).size == (6, 8)
    with pytest.raises(BadImage, match=f"{number} bands, and nothing says"):
        decode(file, "x.tif")
    with pytest.raises(BadImage, match="no band 14"):
        decode(file, "x.tif", None, TiffChoice(1, (14, 1, 1)))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "CMYK", "L"])
def test_bands_of_usual_files_can_be_chosen(mode: str) -> None:
    file = io.BytesIO()
    Image.fromarray(np.broadcast_to(np.uint8([10, 20, 30, 40]), (6, 8, 4)).copy(), "RGBA").convert(mode).save(
        file, "TIFF"
    )
    with Image.open(file) as image:
        channels = image.getpixel((0, 0))
    if mode == "L":
        with pytest.raises(BadImage, match="no band 3, but 1 band"):
            decode(file, "x.tif", None, TiffChoice(1, (3, 2, 1)))
        return
    assert grays_of(file, TiffChoice(1, (3, 2, 1))) == list(channels[2::-1])


def test_colors_of_twelve_bits_in_sixteen_are_stretched() -> None:
    values = np.zeros((6, 8, 3), np.uint16)
    values[..., 0], values[..., 1] = 4095, 2000
    decoded = decode(multiband(values, photometric="rgb"), "x.tif")
    assert (np.asarray(decoded.image)[0, 0].tolist(), decoded.maximum) == ([255, 124, 0], 4095)


def test_bands_of_floating_point_are_refused() -> None:
    with pytest.raises(BadImage, match="unknown range"):
        decode(multiband(np.zeros((6, 8, 13), np.float32)), "x.tif", None, TiffChoice(1, (1, 2, 3)))


def test_too_many_pixels_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(large_images, "MAX_REDUCED_PIXELS", 40)
    with pytest.raises(BadImage, match="more than 40 pixels"):
        decode(multiband(np.zeros((6, 8, 13), np.uint8)), "x.tif", None, TiffChoice(1, (1, 2, 3)))


def test_without_tifffile_many_bands_say_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "tifffile", None)
    monkeypatch.setattr(image_formats, "CAN_READ_BANDS", False)
    with pytest.raises(BadImage, match="pip install tifffile"):
        decode(multiband(np.zeros((6, 8, 13), np.uint8)), "x.tif", None, TiffChoice(1, (1, 2, 3)))
    assert grays_of(stack(), TiffChoice(2)) == [90] * 3


@pytest.mark.parametrize(
    ("page", "bands", "choice"),
    [("1", "", TiffChoice()), ("all", None, TiffChoice(None)), (" 3", "4, 3,2", TiffChoice(3, (4, 3, 2)))],
)
def test_a_choice_is_read_from_text(page: str, bands: str | None, choice: TiffChoice) -> None:
    assert tiff_choice(**choice_of_text(page, bands)) == choice


@pytest.mark.parametrize(
    ("page", "bands"),
    [
        ("0", ""),
        ("none", ""),
        ("-1", ""),
        ("1.5", ""),
        ("99999", ""),
        ("1", "1,2"),
        ("1", "a,b,c"),
        ("1", "0,1,2"),
        ("1", "1;2;3"),
    ],
)
def test_a_wrong_choice_is_refused(page: str, bands: str) -> None:
    with pytest.raises(ValueError, match="Expected"):
        choice_of_text(page, bands)


def stacks(folder: Path) -> Path:
    for kind in range(2):
        (folder / f"class{kind}").mkdir(parents=True)
        for number in range(6):
            first, *others = [noise(100 * kind + 10 * number + page, (16, 16)) for page in range(5)]
            first.save(folder / f"class{kind}" / f"{number}.tif", save_all=True, append_images=others)
    return folder


def test_a_data_set_is_made_of_the_chosen_pages(tmp_path: Path) -> None:
    folder = stacks(tmp_path / "stacks")
    report = data.inspect(folder)
    assert report.images == 12
    assert any("several pages" in warning and "class0/0.tif" in warning for warning in report.warnings)
    whole = data.inspect(folder, page="all")
    assert whole.images == 60
    assert [warning for warning in whole.warnings if "ages" in warning and "TIFF" in warning] == [
        "Pages of TIFF files, each read as an image: 60."
    ]
    added = data.add(folder, "all", 16, page="all")
    assert sum(map(len, added.parts.values())) == 60
    # The five pages of a file are in one part.
    assert all(len(part) % 5 == 0 for part in added.parts.values())
    third = data.add(folder, "third", 16, page=3)
    pixels = {image.tobytes() for part in third.parts.values() for image in part.images}
    assert np.asarray(noise(2, (16, 16))).tobytes() in pixels
    assert storage.reading(Path(third.location)) == {"page": 3}
    assert storage.reading(Path(added.location)) == {"page": 1}
    with pytest.raises(ValueError, match="no page 9"):
        data.inspect(folder, page=9)


def test_a_data_set_is_made_of_the_chosen_bands_with_one_depth(tmp_path: Path) -> None:
    for kind in range(2):
        (tmp_path / "land" / f"class{kind}").mkdir(parents=True)
        for number in range(4):
            values = np.random.default_rng([kind, number]).integers(0, 3000, (8, 8, 13), np.uint16)
            values[0, 0, 3] = 700 * (number + 1)
            (tmp_path / "land" / f"class{kind}" / f"{number}.tif").write_bytes(multiband(values).getvalue())
    with pytest.raises(ValueError, match=r"8 have 13 bands, and nothing says .* such as class0/0\.tif"):
        data.inspect(tmp_path / "land")
    reports: list[data.Report] = []
    added = data.add(tmp_path / "land", "land", 8, bands=(4, 3, 2), told=reports.append)
    assert any("12 bits" in warning for warning in reports[0].warnings)
    assert "Of TIFF files, bands 4, 3, 2 are read as red, green and blue." in reports[0].warnings
    corners = sorted(int(image[0, 0, 0]) for part in added.parts.values() for image in part.images)
    assert corners == sorted([700 * (number + 1) * 255 // 4095 for number in range(4)] * 2)
    assert storage.reading(Path(added.location)) == {"depth": 12, "bands": [4, 3, 2]}


def test_a_choice_changes_nothing_without_tiff_files(fill: Fill) -> None:
    folder = fill(cat=3, dog=3)
    assert data.inspect(folder, page="all", bands=(3, 2, 1)) == data.inspect(folder)


def test_damaged_pages_are_named_and_the_others_are_read(tmp_path: Path) -> None:
    folder = stacks(tmp_path / "stacks")
    path = folder / "class0" / "0.tif"
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 3 // 5])
    report = data.inspect(folder, page="all")
    assert 55 <= report.images < 60
    assert all("0.tif" in name for name, _ in report.unreadable)


def test_a_chain_of_pages_that_never_ends_does() -> None:
    content = bytearray(stack("L", (1, 2)).getvalue())
    with Image.open(io.BytesIO(bytes(content))) as image:
        image.seek(1)
        second = image.tag_v2.offset
    entries = int.from_bytes(content[second : second + 2], "little")
    content[second + 2 + 12 * entries : second + 6 + 12 * entries] = (8).to_bytes(4, "little")
    assert len(pages_of(io.BytesIO(bytes(content)))) <= tiff.MAX_PAGES


def test_damage_anywhere_is_a_picture_or_a_reason_and_nothing_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(0)
    values = random.integers(0, 4000, (8, 8, 6), np.uint16)
    for content in (multiband(values).getvalue(), multiband(values, compression="zlib").getvalue(), stack().getvalue()):
        for _ in range(60):
            damaged = bytearray(content)
            for position in random.integers(min(len(content), 400), size=3):
                damaged[position] = random.integers(256)
            file = io.BytesIO(bytes(damaged))
            for choice in (TiffChoice(), TiffChoice(2, (3, 2, 1))):
                with contextlib.suppress(BadImage):
                    assert decode(file, "x.tif", None, choice).image.mode == "RGB"
            assert 0 <= maximum_of(file, TiffChoice(None)) <= 0xFFFF
    captured = capfd.readouterr()
    assert captured.err == captured.out == ""


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "jpeg"])
def test_colors_that_an_older_pillow_takes_for_red_green_and_blue_are_refused(
    compression: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = io.BytesIO()
    Image.new("RGB", (16, 16), (200, 60, 30)).convert("YCbCr").save(file, "TIFF", compression=compression)

    def colors() -> np.ndarray:
        return np.asarray(decode(file, "x.tif").image)[0, 0].astype(int)

    np.testing.assert_allclose(colors(), (200, 60, 30), atol=6)
    # As in Pillow 11.
    monkeypatch.setattr(
        TiffImagePlugin,
        "OPEN_INFO",
        {
            key: ("RGB", "RGB") if mode == "YCbCr" else (mode, raw)
            for key, (mode, raw) in TiffImagePlugin.OPEN_INFO.items()
        },
    )
    if compression:
        np.testing.assert_allclose(colors(), (200, 60, 30), atol=6)
    else:
        with pytest.raises(BadImage, match="YCbCr"):
            colors()
