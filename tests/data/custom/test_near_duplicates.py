import io
from collections.abc import Callable
from pathlib import Path

import imagehash
import numpy as np
import pytest
from PIL import Image, ImageEnhance

from tests.data.conftest import Fill, noise
from tfpool import data
from tfpool.data.custom import near_duplicates
from tfpool.data.custom.near_duplicates import near_groups, sketch
from tfpool.models.pretrained.applications import BUNDLED

PHOTOGRAPHS = {name: Image.open(BUNDLED / "photographs" / f"{name}.jpg").convert("RGB") for name in ("cat", "coffee")}


def saved_again(image: Image.Image, quality: int) -> Image.Image:
    file = io.BytesIO()
    image.save(file, "JPEG", quality=quality)
    return Image.open(file).convert("RGB")


def cropped(image: Image.Image, fraction: float) -> Image.Image:
    width, height = image.size
    left, top = round(width * fraction), round(height * fraction)
    return image.crop((left, top, width - left, height - top))


NEAR: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda image: saved_again(image, 50),
    "saved badly": lambda image: saved_again(image, 10),
    "shrunk": lambda image: image.resize((image.width // 3, image.height // 3)),
    "cropped": lambda image: cropped(image, 0.01),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "gray": lambda image: image.convert("L"),
    "turned a little": lambda image: image.rotate(1),
}
FAR: dict[str, Callable[[Image.Image], Image.Image]] = {
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "upside down": lambda image: image.rotate(180),
    "a part": lambda image: cropped(image, 0.2),
    "negative": lambda image: image.point(lambda value: 255 - value),
}


@pytest.mark.parametrize("photograph", PHOTOGRAPHS)
@pytest.mark.parametrize("change", [*NEAR, *FAR])
def test_a_changed_photograph_is_a_near_duplicate_if_little_changed(change: str, photograph: str) -> None:
    image = PHOTOGRAPHS[photograph]
    changed = (NEAR | FAR)[change](image)
    others = [noise(seed, (40, 40)) for seed in range(20)]
    found = near_groups([sketch(picture) for picture in (*others, image, changed)])
    assert found == ([[20, 21]] if change in NEAR else [])


def test_the_hash_is_that_of_imagehash() -> None:
    small = PHOTOGRAPHS["cat"].resize((64, 64), Image.Resampling.BOX, reducing_gap=2.0).convert("L")
    assert f"{sketch(PHOTOGRAPHS['cat']).hash:016x}" == str(imagehash.phash(small))


def test_groups_are_those_of_comparing_all_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    # A film: each picture is near its neighbors, and the first is far from the last.
    film = [PHOTOGRAPHS["cat"].crop((left, 0, left + 300, 300)) for left in range(0, 60, 3)]
    pictures = [noise(seed, (30, 30)) for seed in range(10)] + film + [saved_again(noise(3, (30, 30)), 95)]
    sketches = [sketch(picture) for picture in pictures]
    parent = list(range(len(sketches)))
    for one, first in enumerate(sketches):
        for other, second in enumerate(sketches[:one]):
            bits = (first.hash ^ second.hash).bit_count()
            if bits <= 6 and np.abs(first.levels - second.levels).mean() <= 6:
                parent = [parent[other] if root == parent[one] else root for root in parent]
    expected = sorted([i for i, root in enumerate(parent) if root == label] for label in set(parent))
    assert near_groups(sketches) == [group for group in expected if len(group) > 1]
    monkeypatch.setattr(near_duplicates, "_ROWS", 3)
    monkeypatch.setattr(near_duplicates, "_PAIRS", 2)
    assert near_groups(sketches) == [group for group in expected if len(group) > 1]


def test_pictures_that_show_nothing_are_not_compared() -> None:
    flat = [sketch(Image.new("L", (20, 20), gray)) for gray in range(0, 240, 5)]
    assert near_groups(flat) == near_groups([]) == near_groups(flat[:1]) == []


def filmed(folder: Path, parts: tuple[str, ...] = ("",)) -> Path:
    """Two classes of 12 pictures each, and of each picture a copy saved again as JPEG."""
    for seed in range(24):
        picture = noise(seed, (4, 4)).resize((40, 40), Image.Resampling.BICUBIC)
        for number, image in enumerate((picture, saved_again(picture, 80))):
            part = parts[number % len(parts)]
            to = folder / part / ("cat" if seed % 2 else "dog") / f"{seed}_{number}.png"
            to.parent.mkdir(parents=True, exist_ok=True)
            image.save(to)
    return folder


def sides(images: data.DataSet) -> list[set[int]]:
    """For each of the 24 pictures the parts that it or its copy is in, by the mean color of a corner."""
    seen: dict[bytes, set[int]] = {}
    for number, part in enumerate(images.parts.values()):
        for image in part.images:
            corner = np.round(image[:10, :10].mean(axis=(0, 1)) / 16).astype(np.uint8).tobytes()
            seen.setdefault(corner, set()).add(number)
    return list(seen.values())


def test_near_duplicates_are_reported_and_kept_on_one_side_of_the_split(tmp_path: Path, home: Path) -> None:
    folder, reports = filmed(tmp_path / "film"), []
    report = data.inspect(folder)
    assert [group.files for group in report.near_duplicates][:1] == [("cat/11_0.png", "cat/11_1.png")]
    assert len(report.near_duplicates) == 24
    assert any("48 images in 24 groups" in warning for warning in report.warnings)
    film = data.add(folder, "film", 40, told=reports.append)
    assert reports[0].near_duplicates == report.near_duplicates
    assert all(len(parts) == 1 for parts in sides(film))
    assert [len(part) for part in film.parts.values()] == [32, 8, 8]
    loose = data.add(folder, "loose", 40, near_duplicates=False, told=reports.append)
    assert any(len(parts) > 1 for parts in sides(loose))
    assert "may put" in next(warning for warning in reports[1].warnings if "Near" in warning)


def test_near_duplicates_in_given_parts_stay_there_and_are_reported(tmp_path: Path, home: Path) -> None:
    report = data.inspect(filmed(tmp_path / "film", ("train", "test")))
    assert {group.where for group in report.near_duplicates} == {"across parts"}
    assert any("too easy" in warning and "24" in warning for warning in report.warnings)


def test_without_imagehash_the_report_says_that_nothing_was_looked_for(
    fill: Fill, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(near_duplicates, "find_spec", lambda name: None)
    reports: list[data.Report] = []
    data.add(fill(cat=4, dog=4), "pets", 8, told=reports.append)
    assert any("imagehash" in warning for warning in reports[0].warnings)


def test_a_data_set_of_near_duplicates_alone_says_how_to_split_it(tmp_path: Path, home: Path) -> None:
    for number in range(10):
        (tmp_path / "tiles" / ("cat" if number % 2 else "dog")).mkdir(parents=True, exist_ok=True)
        tile = PHOTOGRAPHS["cat"].crop((number, 0, 300 + number, 300))
        tile.save(tmp_path / "tiles" / ("cat" if number % 2 else "dog") / f"{number}.png")
    with pytest.raises(ValueError, match="--no-near-duplicates"):
        data.add(tmp_path / "tiles", "tiles", 32)
    assert [len(part) for part in data.add(tmp_path / "tiles", "tiles", 32, near_duplicates=False).parts.values()] == [
        6,
        2,
        2,
    ]


def test_patients_are_kept_together_and_unmatched_files_named(tmp_path: Path, home: Path) -> None:
    seed = 0
    for patient in range(20):
        for label in ("sick", "well"):
            (tmp_path / "eyes" / label).mkdir(parents=True, exist_ok=True)
            for eye in ("left", "right"):
                # The first pixels say whose eye it is.
                pixels = np.array(noise(seed, (12, 12)))
                pixels[0, 0] = patient * 10
                Image.fromarray(pixels).save(tmp_path / "eyes" / label / f"p{patient}_{eye}.png")
                seed += 1
    noise(seed).save(tmp_path / "eyes/sick/unknown.png")
    reports: list[data.Report] = []
    eyes = data.add(tmp_path / "eyes", "eyes", 12, group_by="{group}_*", told=reports.append)
    assert reports[0].groups[:2] == (("p0", 4), ("p1", 4))
    assert len(reports[0].groups) == 20
    assert any("sick/unknown.png" in warning for warning in reports[0].warnings)
    assert data.inspect(tmp_path / "eyes", group_by="p([0-9]+)_").groups[0] == ("0", 4)
    of_parts = [
        {int(image[0, 0, 0]) for image in part.images if np.ptp(image[0, 0]) == 0} for part in eyes.parts.values()
    ]
    assert sorted(patient for part in of_parts for patient in part) == [patient * 10 for patient in range(20)]
    assert all(of_parts)


def test_classes_without_a_test_image_are_named(fill: Fill, tmp_path: Path) -> None:
    reports: list[data.Report] = []
    data.add(fill(cat=20, dog=20, emu=2), "pets", 8, told=reports.append)
    (warning,) = (warning for warning in reports[0].warnings if "test image" in warning)
    assert "emu" in warning
    assert "cat" not in warning


def test_the_search_can_be_stopped(fill: Fill, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(near_duplicates, "_ROWS", 2)
    calls: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        calls.append((done, total))
        if calls.count((8, 8)) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        data.add(fill(cat=4, dog=4), "pets", 8, progress=stop)
    assert list(home.iterdir()) == []
