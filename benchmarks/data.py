"""Checking and adding people's own images, in images per second, beside plain loops over Pillow on one core.

    python benchmarks/data.py [--short]

`read` opens each file, turns the picture upright, converts it to RGB, and for `add` crops and resizes it: it notices
nothing. `the same` also takes a digest of the pixels and a perceptual hash, to find equal and nearly equal pictures,
and looks for pictures of one color; the aim is against this one. Photographs of 12 megapixels are 20 different files
under many names, small ones are all different. The last column is how often the progress bar moved. Below, the time
from Stop to the end of the work.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from benchmarks.report import Rows, options
from tfpool import data
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.system.process import cores

AIM = 1.5
SIDE = 64
CLASSES = ("cat", "coffee")
DIFFERENT = 20
STOP_AFTER = 0.3
"""Fraction of the images."""


def photographs(folder: Path, count: int, size: tuple[int, int], different: int) -> list[Path]:
    """JPEG files of crops of the bundled photographs, of a size (width, height), the first ones all different."""
    paths: list[Path] = []
    random = np.random.default_rng(0)
    originals = [Image.open(BUNDLED / "photographs" / f"{name}.jpg").convert("RGB") for name in CLASSES]
    for number in range(count):
        kind = number % len(CLASSES)
        path = folder / CLASSES[kind] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        if number < different:
            whole = originals[kind]
            side = int(min(whole.size) * random.uniform(0.5, 0.9))
            left, top = (int(random.integers(0, most - side + 1)) for most in whole.size)
            whole.crop((left, top, left + side, top + side)).resize(size).save(path, quality=85)
        else:
            # The same file once more, of the same class.
            path.hardlink_to(paths[number % different])
        paths.append(path)
    return paths


def plain(paths: Sequence[Path], resize: bool, notice: bool) -> None:
    """A loop as anybody would write it: with `notice`, one that looks for what the checks look for."""
    import imagehash

    seen: dict[bytes, Path] = {}
    for path in paths:
        with Image.open(path) as image:
            upright = ImageOps.exif_transpose(image).convert("RGB")
        if notice:
            seen[sha256(upright.tobytes()).digest()] = path
            upright.getextrema()
            imagehash.phash(upright)
        if resize:
            np.asarray(ImageOps.fit(upright, (SIDE, SIDE), Image.Resampling.BILINEAR))


def on_one_core(work: Callable[[], object]) -> float:
    """Seconds that work takes on one core."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(allowed)})
    try:
        return seconds(work)
    finally:
        os.sched_setaffinity(0, allowed)


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


class Stop(Exception):
    pass


def seconds_to_stop(folder: Path) -> float:
    """From the moment in which `on_progress` raises, as a Stop button makes it do, to the end of the work."""
    stopped = 0.0

    def on_progress(done: int, total: int) -> None:
        nonlocal stopped
        if done >= STOP_AFTER * total:
            stopped = time.perf_counter()
            raise Stop

    with suppress(Stop):
        data.inspect(folder, on_progress)
    return time.perf_counter() - stopped


def measure(rows: Rows, name: str, paths: Sequence[Path], folder: Path, sets: Path) -> bool:
    """A row for checking and one for adding; whether both reach the aim."""
    moved: list[int] = []

    def on_progress(done: int, total: int) -> None:
        moved.append(done)

    ways: dict[str, Callable[[], object]] = {
        "check": lambda: data.inspect(folder, on_progress),
        "add": lambda: data.add(folder, f"images {folder.name}", SIDE, folder=sets, progress=on_progress),
    }
    reached = True
    for way, work in ways.items():
        moved.clear()
        read, same = (
            on_one_core(lambda way=way, notice=notice: plain(paths, way == "add", notice)) for notice in (False, True)
        )
        ours = seconds(work)
        reached &= same / ours >= AIM
        speeds = [f"{len(paths) / duration:,.1f}" for duration in (read, same, ours)]
        ratios = (f"{read / ours:.2f}", f"{same / ours:.2f}", f"≥ {AIM}")
        rows.add(f"{way} {len(paths):,} {name}", *speeds, *ratios, f"{len(moved):,} ×")
    return reached


def main() -> int:
    settings = options(__doc__, photographs=(10_000, 40), small=(10_000, 400)).parse_args()
    print(f"{cores()} cores")
    header = ("images per second", "read", "the same", "tfpool", "× read", "× same", "aim", "progress")
    rows, reached = Rows(*header, first_width=40), True
    with tempfile.TemporaryDirectory() as root:
        for name, count, size, different in (
            ("of 12 megapixels", settings.photographs, (4000, 3000), DIFFERENT),
            ("of 128 × 128 pixels", settings.small, (128, 128), settings.small),
        ):
            folder = Path(root, f"{size[0]}")
            paths = photographs(folder, count, size, different)
            reached &= measure(rows, name, paths, folder, Path(root, "sets"))
            print(f"{seconds_to_stop(folder):.2f} s from Stop to the end", flush=True)
    return int(not reached and not settings.short)


if __name__ == "__main__":
    sys.exit(main())
