"""Images, zips and tables that a person may bring, mutated at random."""

from __future__ import annotations

import io
import json
import os
import random
import stat
import tempfile
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
from PIL import Image

FORMATS = ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")
OUT = "tfpool-mutated-out.png"
"""A file that hostile paths would write."""
PATHS = (
    *(f"../../{OUT}", f"{tempfile.gettempdir()}/{OUT}", f"..\\{OUT}", f"C:\\{OUT}"),
    *("a/" * 40 + "b.png", "a\0b.png", "con.png", "\u202egnp.png"),
)
Bytes = Callable[[bytes, random.Random], bytes]


def cut(content: bytes, source: random.Random) -> bytes:
    return content[: source.randrange(len(content) + 1)]


def flip(content: bytes, source: random.Random) -> bytes:
    changed = bytearray(content)
    for _ in range(source.choice((1, 3, 30))):
        if changed:
            changed[source.randrange(len(changed))] = source.randrange(256)
    return bytes(changed)


def extreme(content: bytes, source: random.Random) -> bytes:
    """Numbers of four bytes set to their limits, as sizes and offsets are."""
    changed = bytearray(content)
    for _ in range(source.choice((1, 2, 5))):
        start = source.randrange(max(len(changed) - 4, 1))
        changed[start : start + 4] = source.choice((b"\xff" * 4, b"\0" * 4, b"\x7f\xff\xff\xff", b"\xff\xff\xff\x7f"))
    return bytes(changed)


def repeated(content: bytes, source: random.Random) -> bytes:
    first, last = sorted(source.randrange(len(content) + 1) for _ in range(2))
    return content[:last] + content[first:last] * source.choice((1, 2, 50)) + content[last:]


def without(content: bytes, source: random.Random) -> bytes:
    first, last = sorted(source.randrange(len(content) + 1) for _ in range(2))
    return content[:first] + content[last:]


def noise(content: bytes, source: random.Random) -> bytes:
    start = source.randrange(len(content) + 1)
    return content[:start] + source.randbytes(source.randrange(64)) + content[start:]


MUTATIONS: tuple[Bytes, ...] = (cut, flip, extreme, repeated, without, noise)


def picture(source: random.Random) -> bytes:
    """A small image file of any format and mode, mutated or not."""
    side, format = source.randrange(1, 40), source.choice(FORMATS)
    modes = {"JPEG": ("RGB", "L", "CMYK"), "GIF": ("L", "P"), "PPM": ("RGB", "L"), "WEBP": ("RGB", "RGBA")}
    mode = source.choice(modes.get(format, ("RGB", "L", "1")) + (("RGBA", "I;16", "LA") if format == "PNG" else ()))
    values = np.frombuffer(source.randbytes(side * side * 4), np.uint8).reshape(side, side, 4)
    image = Image.fromarray(values[..., :3].copy())
    if mode == "I;16":
        image = Image.fromarray(values[..., :2].copy().view(np.uint16)[..., 0])
    file = io.BytesIO()
    (image if mode == "I;16" else image.convert(mode)).save(file, format)
    return file.getvalue()


def mutated(content: bytes, source: random.Random) -> bytes:
    for _ in range(source.choice((0, 1, 1, 2))):
        content = source.choice(MUTATIONS)(content, source)
    return content


def images(folder: Path, source: random.Random, classes: tuple[str, ...] = ("a", "b")) -> None:
    """A folder of classes, in which some images are mutated, and some are links or pipes."""
    for number in range(source.randrange(2, 9)):
        name = f"{number}.{source.choice(('png', 'jpg', 'tif', 'gif', 'webp', 'bmp', 'ppm', 'heic', 'avif'))}"
        path = folder / source.choice(classes) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        odd = source.random()
        if odd < 0.03:
            path.symlink_to(source.choice(("/etc/hostname", "..", "nowhere", path.name)))
        elif odd < 0.05:
            os.mkfifo(path)
        else:
            path.write_bytes(mutated(picture(source), source))


def zipped(path: Path, source: random.Random) -> None:
    """A zip of classes with hostile entries, two of one name among them, itself mutated at times."""
    with (
        warnings.catch_warnings(action="ignore"),
        zipfile.ZipFile(
            path, "w", source.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA))
        ) as archive,
    ):
        for number in range(source.randrange(2, 9)):
            name = f"{source.choice('ab')}/{number}.png"
            if source.random() < 0.1:
                name = source.choice(PATHS)
            entry = zipfile.ZipInfo(name)
            if source.random() < 0.05:
                entry.external_attr = (stat.S_IFLNK | 0o777) << 16
            if source.random() < 0.05:
                entry.flag_bits |= 1
            archive.writestr(entry, mutated(picture(source), source))
        if source.random() < 0.1:
            archive.writestr("a/zeros.png", bytes(20_000_000), zipfile.ZIP_DEFLATED)
    path.write_bytes(mutated(path.read_bytes(), source))


def labeled(folder: Path, source: random.Random) -> None:
    """Flat images with a table of labels beside them, of which bytes or cells are mutated."""
    folder.mkdir()
    names = [f"{number}.png" for number in range(source.randrange(2, 9))]
    for name in names:
        (folder / name).write_bytes(mutated(picture(source), source) if source.random() < 0.3 else picture(source))
    odd = ("", '"', "\0", "=1+1", "../0.png", "/etc/passwd", "a\nb", "é", "x" * 100_000, "﻿", "nan", "1e999")
    rows = [[name, source.choice(("cat", "dog"))] for name in names]
    for row in rows:
        if source.random() < 0.2:
            row[source.randrange(2)] = source.choice(odd)
    kind = source.choice(("csv", "tsv", "json", "jsonl", "txt"))
    if kind in ("json", "jsonl"):
        records = [{"file": name, "label": label} for name, label in rows]
        text = json.dumps(records) if kind == "json" else "\n".join(map(json.dumps, records))
        text = "[" * 100_000 if source.random() < 0.05 else text
    else:
        text = "\n".join(source.choice((",", ";", "\t")).join(row) for row in [["file", "label"], *rows])
    content = text.encode(source.choice(("utf-8", "utf-8", "utf-16", "cp1252")), "replace")
    (folder / f"labels.{kind}").write_bytes(mutated(content, source))


MAKERS: dict[str, Callable[[Path, random.Random], None]] = {"image": images, "zip": zipped, "table": labeled}
"""By kind, what makes it at a path."""
