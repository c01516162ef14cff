"""What a file is that cannot be read as an image, by its first bytes; and PNG files without their text."""

from __future__ import annotations

HEAD = 1024
"""Bytes from the start of a file that `unreadable` looks at."""
PNG = b"\x89PNG\r\n\x1a\n"
_DAMAGED = "Copy or download it again."
_CONVERT = "Export it as JPEG or PNG."
_IMAGES = {
    PNG: "PNG",
    b"\xff\xd8\xff": "JPEG",
    b"GIF8": "GIF",
    b"BM": "BMP",
    b"II*\0": "TIFF",
    b"MM\0*": "TIFF",
    b"P1": "PPM",
    b"P2": "PPM",
    b"P3": "PPM",
    b"P4": "PPM",
    b"P5": "PPM",
    b"P6": "PPM",
}
_OTHERS = {
    b"%PDF": "PDF",
    b"8BPS": "a Photoshop file",
    b"PK\x03\x04": "a zip file",
    b"\0\0\0\x0cJXL ": "JPEG XL",
    b"\0\0\0\x0cjP  ": "JPEG 2000",
}
HEIC = "HEIC"
_MISSING_HEIC = "is HEIC, which is read once pillow-heif is installed (pip install pillow-heif)"
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_TEXT_CHUNKS = (b"tEXt", b"zTXt", b"iTXt")


def unreadable(head: bytes, formats: str) -> tuple[str, str]:
    """Why a file with these first bytes is not read as an image, and what to do.

    The reason is a predicate of one file, such as "is empty". `formats` are the names of those that are read.
    """
    if not head:
        return "is empty", _DAMAGED
    if head.startswith(b"version https://git-lfs"):
        return "is a Git LFS pointer, not the image", "Run git lfs pull."
    lower = head.lower()
    if b"<!doctype html" in lower or b"<html" in lower:
        return "is a web page (HTML), not an image", "Download the image again."
    kind = kind_of(head)
    if kind == HEIC and HEIC not in formats:
        return _MISSING_HEIC, "Or export it as JPEG or PNG."
    if kind in _OTHERS.values() or (kind == "AVIF" and kind not in formats):
        return f"is {kind}", _CONVERT
    if kind:
        return f"is {kind}, but damaged or cut off", _DAMAGED
    reason = "is text, not an image" if _is_text(head) else "is not an image that can be read"
    return reason, f"Use a file of {formats}."


def kind_of(head: bytes) -> str:
    """What a file with these first bytes is, "" where that is unknown."""
    if head[4:8] == b"ftyp":
        return HEIC if head[8:12] in _HEIC_BRANDS else "AVIF" if head[8:12] in (b"avif", b"avis") else ""
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    return next((kind for start, kind in (_IMAGES | _OTHERS).items() if head.startswith(start)), "")


def _is_text(head: bytes) -> bool:
    return all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in head)


def without_text(png: bytes) -> bytes:
    """A PNG file without its text chunks, which Pillow reads even where they unpack to more than it allows."""
    if not png.startswith(PNG):
        return png
    kept, position = [PNG], len(PNG)
    while position + 12 <= len(png):
        end = position + 12 + int.from_bytes(png[position : position + 4], "big")
        if png[position + 4 : position + 8] not in _TEXT_CHUNKS:
            kept.append(png[position:end])
        position = end
    return b"".join(kept)
