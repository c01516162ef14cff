"""Image files as people have them: ink on nothing, 12 bits, odd EXIF, much text, huge photos, and what is no image."""

import contextlib
import io
import struct
import zlib
from pathlib import Path

import numpy as np
import pillow_heif
import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from tfpool.data.depth import depth_of
from tfpool.data.file_signatures import without_text
from tfpool.data.image_formats import FORMATS
from tfpool.data.images import BadImage, decode, maximum_of, read_image


def stored(image: Image.Image, kind: str = "PNG", **settings: object) -> io.BytesIO:
    file = io.BytesIO()
    image.save(file, kind, **settings)
    file.seek(0)
    return file


def drawing(ink: str, side: int = 32) -> Image.Image:
    image = Image.new("RGBA", (side, side), (0, 0, 0, 0))
    ImageDraw.Draw(image).line((4, 4, side - 4, side - 4), fill=ink, width=3)
    return image


@pytest.mark.parametrize("kind", ["PNG", "WEBP", "TIFF"])
@pytest.mark.parametrize(("ink", "ground", "pixel"), [("black", 255, 0), ("navy", 255, 14), ("white", 0, 255)])
def test_ink_on_nothing_is_on_the_ground_that_shows_it(kind: str, ink: str, ground: int, pixel: int) -> None:
    settings = {"lossless": True} if kind == "WEBP" else {}
    read = read_image(stored(drawing(ink), kind, **settings), (32, 32, 1))[..., 0]
    assert read[0, 31] == ground
    assert abs(int(read[16, 16]) - pixel) <= 1


def test_ink_in_a_palette_and_in_gray_with_alpha_is_on_white() -> None:
    palette = Image.new("P", (4, 4), 1)
    palette.putpalette([0, 0, 0, 255, 255, 255])
    palette.putpixel((0, 0), 0)
    for file in (stored(palette, transparency=1), stored(palette, "GIF", transparency=1)):
        assert read_image(file, (4, 4, 1))[..., 0].tolist() == [[0, 255, 255, 255], *[[255] * 4] * 3]
    faint = Image.new("LA", (4, 4), (0, 51))
    assert (read_image(stored(faint), (4, 4, 1)) == 204).all()


@pytest.mark.parametrize(("maximum", "depth"), [(255, 8), (1023, 10), (4095, 12), (16383, 14), (65535, 16)])
@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_values_of_fewer_bits_than_the_file_are_stretched(maximum: int, depth: int, kind: str) -> None:
    values = np.array([[0, maximum // 2, maximum]], np.uint16)
    decoded = decode(stored(Image.fromarray(values), kind), "x")
    assert np.asarray(decoded.image)[0, :, 0].tolist() == [0, 127, 255]
    assert (decoded.maximum, depth_of(decoded.maximum)) == (maximum, depth)


def test_a_transparent_value_of_sixteen_bits_is_no_gray() -> None:
    for values, shown in (([0, 400, 65535, 1023], [0, 99, 255, 255]), ([900, 1000, 65535], [224, 249, 0])):
        decoded = decode(stored(Image.fromarray(np.array([values], np.uint16)), transparency=65535), "x")
        assert np.asarray(decoded.image)[0, :, 0].tolist() == shown


def test_a_given_depth_scales_the_values() -> None:
    values = np.array([[0, 1023, 4095, 9000]], np.uint16)
    assert np.asarray(decode(stored(Image.fromarray(values)), "x", 12).image)[0, :, 0].tolist() == [0, 63, 255, 255]


def exif(*entries: tuple[int, int, int, bytes]) -> bytes:
    """EXIF of entries (tag, type, count, four bytes), which may be as wrong as in files of cameras."""
    packed = b"".join(struct.pack("<HHI", tag, kind, count) + value for tag, kind, count, value in entries)
    return b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + packed + bytes(4)


ON_ITS_SIDE = (0x0112, 3, 1, b"\x06\0\0\0")
ODD = {
    "signed resolution": (0x011A, 9, 1, b"\xb8\xff\xff\xff"),
    "worded resolution": (0x011A, 2, 4, b"72d\0"),
    "value beyond the end": (0x010F, 2, 5000, b"\xff\xff\0\0"),
    "rational of text": (0x829A, 2, 3, b"1/8\0"),
    "unknown type": (0x9999, 77, 1, bytes(4)),
    "number as a maker": (0x010F, 4, 1, b"\x01\0\0\0"),
}


@pytest.mark.parametrize("entry", ODD.values(), ids=ODD)
@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_an_odd_entry_in_exif_loses_neither_photo_nor_orientation(entry: tuple, kind: str) -> None:
    for entries in ((entry, ON_ITS_SIDE), (ON_ITS_SIDE, entry)):
        file = stored(Image.new("RGB", (20, 10), "red"), kind, exif=exif(*entries))
        assert read_image(file, (None, None, 3)).shape == (20, 10, 3)


def test_damaged_exif_loses_no_photo() -> None:
    for damage in (b"Exif\0\0", b"Exif\0\0II*\0", exif(ON_ITS_SIDE)[:20], b"Exif\0\0" + b"\xff" * 40):
        assert read_image(stored(Image.new("RGB", (20, 10)), "JPEG", exif=damage), (None, None, 3)).size == 600


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("kind", ["tEXt", "zTXt", "iTXt"])
def test_a_png_with_much_text_is_read(kind: str, is_after: bool, tmp_path: Path) -> None:
    long = b"x" * 5_000_000
    packed = {
        "tEXt": b"note\0" + long,
        "zTXt": b"note\0\0" + zlib.compress(long),
        "iTXt": b"note\0\1\0\0\0" + zlib.compress(long),
    }[kind]
    body = kind.encode() + packed
    chunk = struct.pack(">I", len(packed)) + body + struct.pack(">I", zlib.crc32(body))
    png = stored(Image.new("RGB", (6, 4), "lime")).getvalue()
    place = len(png) - 12 if is_after else 33
    noted = png[:place] + chunk * 20 + png[place:]
    assert without_text(noted) == png
    (tmp_path / "noted.png").write_bytes(noted)
    for file in (io.BytesIO(noted), tmp_path / "noted.png"):
        assert (read_image(file, (4, 6, 3)) == (0, 255, 0)).all()


def test_a_cut_png_with_text_is_refused() -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("note", "x" * 3_000_000, zip=True)
    png = stored(Image.effect_noise((64, 64), 50), pnginfo=text).getvalue()
    with pytest.raises(BadImage, match="cut off"):
        read_image(io.BytesIO(png[: len(png) // 2]), (8, 8, 3), "x.png")


@pytest.mark.parametrize(("mode", "suffix"), [("RGB", "ppm"), ("L", "pgm"), ("1", "pbm")])
def test_portable_pixmaps_are_read(mode: str, suffix: str, tmp_path: Path) -> None:
    Image.new("RGB", (6, 4), "white").convert(mode).save(tmp_path / f"x.{suffix}")
    assert (read_image(tmp_path / f"x.{suffix}", (4, 6, 3)) == 255).all()


@pytest.mark.skipif("AVIF" not in FORMATS, reason="this Pillow reads no AVIF")
def test_avif_is_read() -> None:
    assert (read_image(stored(Image.new("RGB", (8, 8), "white"), "AVIF"), (8, 8, 3)) > 250).all()


def heif(image: Image.Image, **settings: object) -> io.BytesIO:
    pillow_heif.register_heif_opener()
    return stored(image, "HEIF", **settings)


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA", "I;16"])
def test_heic_is_read(mode: str) -> None:
    picture = Image.new("RGB", (64, 48), (200, 200, 200))
    picture.paste("black", (0, 0, 32, 48))
    picture = Image.fromarray(np.asarray(picture.convert("L")).astype(np.uint16) * 257) if mode == "I;16" else picture
    decoded = decode(heif(picture if mode == "I;16" else picture.convert(mode), quality=95), "x.heic")
    pixels = np.asarray(decoded.image)
    assert (decoded.size, decoded.image.mode) == ((48, 64), "RGB")
    assert pixels[:, :28].max() < 12
    assert abs(pixels[:, 36:].astype(int) - 200).max() < 12


@pytest.mark.parametrize("orientation", [1, 6, 8])
def test_heic_is_turned_upright_once(orientation: int) -> None:
    exif = Image.Exif()
    exif[0x0112] = orientation
    decoded = decode(heif(Image.new("RGB", (64, 32), "red"), exif=exif.tobytes()), "x.heic")
    assert decoded.size == ((32, 64) if orientation == 1 else (64, 32))
    assert decoded.image.size == decoded.size[::-1]


def test_without_its_package_heic_says_what_to_install(without_heif: None, tmp_path: Path) -> None:
    content = heif(Image.new("RGB", (64, 48))).getvalue()
    (tmp_path / "x.heic").write_bytes(content)
    for file in (io.BytesIO(content), tmp_path / "x.heic"):
        with pytest.raises(BadImage, match="pip install pillow-heif"):
            read_image(file, (8, 8, 3), "x.heic")


NOISE = Image.effect_noise((80, 80), 60)
NO_IMAGES = {
    b"": "is empty",
    b"<!DOCTYPE html><title>403 Forbidden</title>": "is a web page (HTML), not an image",
    b"\n <HTML lang=en>": "is a web page (HTML), not an image",
    b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\nsize 12345\n": "is a Git LFS pointer, not the image",
    b"\0\0\0\x18ftypheic\0\0\0\0mif1heic": "is HEIC, but damaged or cut off",
    b"\0\0\0\x18ftypmif1\0\0\0\0mif1heic": "is HEIC, but damaged or cut off",
    b"%PDF-1.7": "is PDF",
    b"PK\x03\x04" + bytes(40): "is a zip file",
    b'{"error": "not found"}': "is text, not an image",
    b"\x7fELF" + bytes(100): "is not an image that can be read",
    stored(NOISE, "JPEG").getvalue()[:900]: "is JPEG, but damaged or cut off",
    stored(NOISE, "PNG").getvalue()[:900]: "is PNG, but damaged or cut off",
    stored(NOISE, "WEBP").getvalue()[:900]: "is WEBP, but damaged or cut off",
    stored(NOISE, "TIFF").getvalue()[:900]: "is TIFF, but damaged or cut off",
    stored(NOISE, "GIF").getvalue()[:20]: "is GIF, but damaged or cut off",
    stored(NOISE, "PPM").getvalue()[:900]: "is PPM, but damaged or cut off",
}


@pytest.mark.parametrize("content", NO_IMAGES, ids=lambda content: NO_IMAGES[content])
def test_what_is_no_image_is_named(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "x.jpg").write_bytes(content)
    for file in (io.BytesIO(content), tmp_path / "x.jpg"):
        with pytest.raises(BadImage) as error:
            read_image(file, (8, 8, 3), "x.jpg")
        assert error.value.reason == NO_IMAGES[content]


@pytest.mark.parametrize(
    "kind", ["PPM", "deep PNG", "deep TIFF", "noted PNG", "HEIF", *(["AVIF"] * ("AVIF" in FORMATS))]
)
def test_damage_anywhere_is_an_image_or_a_reason(kind: str) -> None:
    text = PngImagePlugin.PngInfo()
    text.add_text("note", "x" * 2_000_000, zip=True)
    picture = Image.effect_noise((20, 20), 50)
    settings = {"pnginfo": text} if kind == "noted PNG" else {}
    pillow_heif.register_heif_opener()
    if kind.startswith("deep"):
        picture = Image.fromarray(np.asarray(picture).astype(np.uint16) * 9)
    content = stored(picture, kind.split()[-1], **settings).getvalue()
    random = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(content)
        for position in random.integers(len(content), size=3):
            damaged[position] = random.integers(256)
        file = io.BytesIO(bytes(damaged[: random.integers(1, len(content) + 1)]))
        with contextlib.suppress(BadImage):
            assert read_image(file, (8, 8, 3), "x").shape == (8, 8, 3)
        assert 0 <= maximum_of(file) <= 0xFFFF


def test_libtiff_prints_nothing_about_a_damaged_file(capfd: pytest.CaptureFixture[str]) -> None:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)
    for compression in ("tiff_lzw", "tiff_adobe_deflate", "packbits", "jpeg", "group4"):
        image = Image.fromarray(pixels).convert("1") if compression == "group4" else Image.fromarray(pixels)
        content = bytearray(stored(image, "TIFF", compression=compression).getvalue())
        content[60:160] = b"\xff" * 100
        with contextlib.suppress(BadImage):
            decode(io.BytesIO(bytes(content)), "scan.tif")
    captured = capfd.readouterr()
    assert captured.err == captured.out == ""


def deep_png(values: np.ndarray, *chunks: bytes) -> io.BytesIO:
    """A PNG with 16 bits per color, of values (H, W, 3) or (H, W, 4)."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    height, width, bands = values.shape
    head = struct.pack(">IIBBBBB", width, height, 16, 2 if bands == 3 else 6, 0, 0, 0)
    # The second filter is a difference to the left, so that wrong widths of a pixel would be seen.
    rows = b""
    for row in values:
        pixels = row.astype(">u2").view(np.uint8).reshape(width, -1)
        rows += b"\1" + np.diff(pixels, axis=0, prepend=np.uint8(0)).tobytes()
    ends = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    content = chunk(b"IHDR", head) + b"".join(chunks) + ends
    return io.BytesIO(b"\x89PNG\r\n\x1a\n" + content)


@pytest.mark.parametrize(("maximum", "depth"), [(1000, 10), (4095, 12), (16000, 14), (65535, 16)])
@pytest.mark.parametrize("bands", [3, 4])
def test_colors_of_fewer_bits_than_the_png_are_stretched(maximum: int, depth: int, bands: int) -> None:
    values = np.random.default_rng(0).integers(0, maximum, (5, 7, bands)).astype(np.uint16)
    values[0, 0, 0] = maximum
    if bands == 4:
        values[..., 3] = 65535
    decoded = decode(deep_png(values), "x.png")
    assert (decoded.maximum, decoded.size) == (maximum, (5, 7))
    expected = values[..., :3].astype(np.uint32) * 255 // ((1 << depth) - 1)
    np.testing.assert_array_equal(np.asarray(decoded.image), expected)
    assert maximum_of(deep_png(values)) == maximum
    scaled = np.asarray(decode(deep_png(values), "x", 16).image)
    np.testing.assert_array_equal(scaled, values[..., :3] * np.uint32(255) // 65535)


def test_what_is_transparent_in_a_deep_png_is_no_color() -> None:
    values = np.full((4, 4, 4), 65535, np.uint16)
    values[..., 3] = 0
    values[1, 1] = (100, 200, 1000, 65535)
    decoded = decode(deep_png(values), "x.png")
    assert decoded.maximum == 1000
    assert np.asarray(decoded.image)[0, 0].tolist() == [255] * 3


def test_a_deep_png_on_its_side_is_turned() -> None:
    packed = exif(ON_ITS_SIDE)[6:]
    chunk = struct.pack(">I", len(packed)) + b"eXIf" + packed + struct.pack(">I", zlib.crc32(b"eXIf" + packed))
    decoded = decode(deep_png(np.full((10, 20, 3), 4095, np.uint16), chunk), "x.png")
    assert (decoded.size, decoded.image.size) == ((20, 10), (10, 20))
