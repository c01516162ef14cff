"""Masks of data sets for segmentation: in a folder of their own, or beside their images."""

import shutil
from pathlib import Path

import pytest

from tests.data.conftest import filled, noise
from tfpool import data


@pytest.mark.parametrize("masks", ["masks", "GT", "image_masks", "Segmentation", "labels", "annotations"])
def test_masks_beside_images_are_asked_about(masks: str, tmp_path: Path, home: Path) -> None:
    source = filled(tmp_path / "x", {"images": 6, masks: 6})
    report = data.inspect(source)
    assert (report.reading, report.is_certain) == ("folders", False)
    assert "masks" in report.warnings[0]
    with pytest.raises(ValueError, match="reading='folders'"):
        data.add(source, "x", 8)
    # Faces with a mask and without one.
    assert data.inspect(filled(tmp_path / "y", {"mask": 3, "no mask": 3})).is_certain


def test_masks_with_names_of_their_own_are_asked_about_too(tmp_path: Path) -> None:
    source = filled(tmp_path / "x", {"images": 6})
    (source / "labels").mkdir()
    for number in range(6):
        noise(number, (12, 9)).save(source / f"labels/{number}_mask.png")
    assert not data.inspect(source).is_certain


@pytest.mark.parametrize("ending", ["_mask", "_mask_1", "-GT", " segmentation", ".seg"])
def test_masks_beside_their_images_are_left_out_and_said(ending: str, tmp_path: Path) -> None:
    source = filled(tmp_path / "x", {"benign": 4, "malignant": 4})
    for image in sorted(source.rglob("*.png")):
        shutil.copy(image, image.with_name(f"{image.stem}{ending}.png"))
    report = data.inspect(source)
    assert (report.class_names, report.counts, report.is_certain) == (("benign", "malignant"), {"all": (4, 4)}, True)
    assert report.readings[0][0] == "folders"
    (note,) = [warning for warning in report.warnings if "mask" in warning]
    assert note.endswith(f": 8, such as benign/0{ending}.png.")
    assert {reason for _, reason in report.skipped} == {"called like the mask of an image beside it"}


def test_faces_with_a_mask_are_no_masks(tmp_path: Path) -> None:
    source = filled(tmp_path / "x", {"with": 3, "without": 3})
    for image in sorted((source / "with").iterdir()):
        image.rename(image.with_name(f"{image.stem}_mask.png"))
    assert data.inspect(source).counts == {"all": (3, 3)}
