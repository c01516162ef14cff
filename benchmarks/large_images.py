"""Memory and time that images above 50 megapixels take to be read: the peak above what the process had before.

    python benchmarks/large_images.py [--short] [--megapixels 108]

Each file is a bundled photograph, enlarged and a little noisy, and is read by a process of its own. "assumed" is what
tfpool asks for before it decodes such a file: the aim is not to need more.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options
from tfpool.data.images import decode
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.system.format import memory

KINDS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "PNG": ("png", "RGB", {"compress_level": 1}),
    "PNG, gray": ("png", "L", {"compress_level": 1}),
    "PNG, 16 bits": ("png", "I;16", {"compress_level": 1}),
    "TIFF": ("tif", "RGB", {}),
    "TIFF, LZW": ("tif", "RGB", {"compression": "tiff_lzw"}),
    "TIFF, one strip": ("tif", "RGB", {"compression": "tiff_adobe_deflate", "strip_size": 2**31 - 1}),
    "JPEG": ("jpg", "RGB", {"quality": 85}),
    "JPEG, progressive": ("jpg", "RGB", {"quality": 85, "progressive": True, "subsampling": 0}),
    "HEIC": ("heic", "RGB", {"quality": 50, "enc_params": {"preset": "ultrafast"}}),
    "WebP": ("webp", "RGB", {"quality": 60, "method": 0}),
    "AVIF": ("avif", "RGB", {"quality": 50, "speed": 10}),
}
_KIB = 1024


def picture(megapixels: float, mode: str) -> Image.Image:
    """A photograph of four to three with so many pixels."""
    width = round((megapixels * 1e6 * 4 / 3) ** 0.5)
    height = width * 3 // 4
    image = Image.open(BUNDLED / "photographs" / "coffee.jpg").convert("RGB").resize((width, height))
    noise = Image.effect_noise((512, 512), 12)
    for top in range(0, height, 512):
        for left in range(0, width, 512):
            box = (left, top, min(left + 512, width), min(top + 512, height))
            tile = noise.crop((0, 0, box[2] - left, box[3] - top))
            image.paste(Image.blend(image.crop(box), Image.merge("RGB", [tile] * 3), 0.1), box)
    if mode == "I;16":
        return Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return image.convert(mode)


def make(path: Path, megapixels: float, kind: str) -> None:
    """Write the file. In a process of its own: the peak of the one that starts others would count as theirs."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    _, mode, keywords = KINDS[kind]
    picture(megapixels, mode).save(path, **keywords)


def read(path: Path) -> None:
    """Print the peak and the seconds of reading a file."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    small = path.with_name(f"small{path.suffix}")
    Image.new("RGB", (64, 64)).save(small)
    decode(small, "small")
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.perf_counter()
    decoded = decode(path, path.name)
    seconds = time.perf_counter() - began
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * _KIB
    print(peak, seconds, *decoded.image.size)


def measured(path: Path) -> list[float]:
    ran = subprocess.run([sys.executable, __file__, "--read", str(path)], stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in ran.stdout.split()]


def assumed(path: Path) -> int:
    """Bytes that are asked for before a file is decoded."""
    from tfpool.data import large_images
    from tfpool.data.image_formats import open_image

    with open_image(path) as image:
        return large_images.needed_memory(image)


def main() -> int:
    parser = options(__doc__, megapixels=(108.0, 51.0))
    parser.add_argument("--read", type=Path, help="read this file alone, in this process")
    parser.add_argument("--make", type=Path, help="write this file alone, of the first of the kinds")
    parser.add_argument("--kinds", nargs="*", default=list(KINDS), help="default: all")
    settings = parser.parse_args()
    if settings.read:
        read(settings.read)
        return 0
    if settings.make:
        make(settings.make, settings.megapixels, settings.kinds[0])
        return 0
    header = (f"{settings.megapixels:g} megapixels", "file", "read as", "seconds", "assumed", "peak", "× assumed")
    rows, reached = Rows(*header, first_width=20), True
    for name in settings.kinds:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, f"large.{KINDS[name][0]}")
            wanted = ("--megapixels", str(settings.megapixels), "--kinds", name)
            subprocess.run([sys.executable, __file__, "--make", str(path), *wanted], check=True)
            peak, seconds, width, height = measured(path)
            most = assumed(path)
            reached &= peak <= most
            size = f"{width:.0f}×{height:.0f}"
            sizes = (memory(path.stat().st_size), size, f"{seconds:.1f}", memory(most), memory(int(peak)))
            rows.add(name, *sizes, f"{peak / most:.2f}")
    return int(not reached and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
