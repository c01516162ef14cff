"""Data sets for detection: one clear sentence where all boxes are of one class, unless folders say the classes."""

import json
from pathlib import Path

import pytest

from tests.data.conftest import filled, packed, refused
from tfpool import data

YOLO = "0 0.5 0.5 1 1\n0 0.25 0.5 1e-1 .5\n"
VOC = "<annotation><object><name>cat</name><bndbox><xmin>1</xmin></bndbox></object></annotation>"
COCO = json.dumps({"images": [{"id": 1, "file_name": "0.png"}], "annotations": [{"bbox": [0, 0, 1, 1]}]})


def labelled(folder: Path, images: str, labels: str, suffix: str, text: str) -> Path:
    """A text beside each image: the folder `images` in its path is called `labels`."""
    for image in sorted(folder.rglob("*.png")):
        inside = str(image.relative_to(folder).with_suffix(suffix))
        label = folder / inside.replace(images, labels, 1)
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(text)
    return folder


@pytest.mark.parametrize(
    ("counts", "images", "labels", "suffix", "text"),
    [
        ({"images/train": 4, "images/val": 3}, "images", "labels", ".txt", YOLO),
        ({"train/images": 4, "valid/images": 3}, "images", "labels", ".txt", YOLO),
        ({"train": 4, "test": 3}, "", "", ".txt", YOLO),
        ({"obj_train_data": 4}, "", "", ".txt", YOLO),
        ({"JPEGImages": 4}, "JPEGImages", "Annotations", ".xml", VOC),
        ({"train": 4, "valid": 3}, "", "", ".xml", VOC),
    ],
)
def test_boxes_of_one_class_are_refused(
    counts: dict[str, int], images: str, labels: str, suffix: str, text: str, tmp_path: Path, home: Path
) -> None:
    folder = labelled(filled(tmp_path / "x", counts), images, labels, suffix, text)
    refused(folder, "is a data set for detection", home)
    refused(packed(folder, tmp_path / "x.zip"), "is a data set for detection", home)


@pytest.mark.parametrize("name", ["annotations/instances_train2017.json", "train2017/_annotations.coco.json", "a.json"])
def test_the_json_of_coco_is_refused(name: str, tmp_path: Path, home: Path) -> None:
    folder = filled(tmp_path / "x", {"train2017": 4, "val2017": 3})
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_text(COCO)
    refused(folder, "COCO", home)


def test_a_long_json_of_coco_is_known_by_its_beginning_and_one_without_boxes_is_none(
    tmp_path: Path, home: Path
) -> None:
    folder = filled(tmp_path / "x", {"train2017": 4, "val2017": 3})
    images = [{"id": number, "file_name": f"{number:012d}.jpg"} for number in range(4000)]
    (folder / "a.json").write_text(json.dumps({"images": images, "annotations": [{"bbox": [0, 0, 1, 1]}]}))
    refused(folder, "COCO", home)
    (folder / "a.json").write_text(json.dumps({"images": images[:9], "annotations": [{"category_id": 1}]}))
    refused(folder, "called like parts", home)


def test_boxes_of_images_by_class_are_mentioned_and_not_read(tmp_path: Path) -> None:
    folder = labelled(filled(tmp_path / "x", {"images/cat": 3, "images/dog": 3}), "images", "boxes", ".xml", VOC)
    report = data.inspect(filled(tmp_path / "y", {"cat": 3, "dog": 3}))
    assert not any("boxes" in warning for warning in report.warnings)
    report = data.inspect(folder / "images")
    assert report.class_names == ("cat", "dog")
    labelled(folder / "images", "", "", ".xml", VOC)
    report = data.inspect(folder / "images")
    assert report.class_names == ("cat", "dog")
    assert "boxes, which are not read" in report.warnings[0]


@pytest.mark.parametrize("text", ["a cat on a mat", "1 2 3", "", "0 a b c d", "1" * 99_000 + " 1 1 1 x"])
def test_other_texts_beside_images_are_no_boxes(text: str, tmp_path: Path) -> None:
    report = data.inspect(labelled(filled(tmp_path / "x", {"cat": 3, "dog": 3}), "", "", ".txt", text))
    assert (report.class_names, len(report.skipped)) == (("cat", "dog"), 6)
    assert not any("boxes" in warning for warning in report.warnings)
