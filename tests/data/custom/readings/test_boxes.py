"""Data sets for detection, each box cut out as an image of its class."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.data.conftest import noise, packed
from tfpool import data
from tfpool.data.custom.readings import boxes

YAML = (
    "names: ['cat', \"dog\"]\n",
    "nc: 2\nnames:\n  0: cat\n  1: 'dog'  # a comment\n",
    "names:\n- cat\n- dog\nother: 1\n",
    "names: {0: cat, 1: dog}\n",
    "names: [\n  cat,\n  dog\n]\n",
)


def photographs(folder: Path, number: int, first: int = 0) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(number):
        noise(first + index, (60, 40)).save(folder / f"{index}.png")


def yolo(root: Path, images: str = "images/{}", labels: str = "labels/{}", parts: tuple[str, ...] = ("train",)) -> Path:
    for number, part in enumerate(parts):
        photographs(root / images.format(part), 6, 10 * number)
        (root / labels.format(part)).mkdir(parents=True, exist_ok=True)
        for index in range(6):
            lines = f"{index % 2} 0.25 0.5 0.5 1\n1 0.5 0 1 0 1 0.5 0.5 0.5\n"
            (root / labels.format(part) / f"{index}.txt").write_text(lines)
    return root


@pytest.mark.parametrize("text", YAML)
def test_boxes_of_yolo_are_cut_out_with_the_names_of_a_yaml_file(text: str, tmp_path: Path) -> None:
    source = yolo(tmp_path / "x", parts=("train", "val"))
    (source / "data.yaml").write_text(text)
    report = data.inspect(source)
    assert (report.class_names, report.counts) == (("cat", "dog"), {"train": (3, 9), "validation": (3, 9)})
    assert (report.reading, report.is_certain, report.skipped) == ("boxes", False, ())
    assert dict(report.sizes) == {(40, 30): 12, (20, 30): 12}


@pytest.mark.parametrize(
    ("images", "labels", "names"),
    [
        ("{}/images", "{}/labels", "classes.txt"),
        ("{}", "{}", "obj.names"),
        ("obj_{}_data", "obj_{}_data", "obj.names"),
    ],
)
def test_other_places_of_yolos_files_are_found(images: str, labels: str, names: str, tmp_path: Path) -> None:
    source = yolo(tmp_path / "x", images, labels)
    assert data.inspect(source).class_names == ("class 0", "class 1")
    (source / names).write_text("cat\ndog\n")
    assert data.inspect(packed(source, tmp_path / "x.zip")).class_names == ("cat", "dog")


def voc(root: Path, size: str = "<size><width>60</width><height>40</height></size>") -> Path:
    photographs(root / "VOC/JPEGImages", 6)
    (root / "VOC/Annotations").mkdir()
    for index in range(6):
        box = "<bndbox><xmin>11</xmin><ymin>5</ymin><xmax>30</xmax><ymax>24</ymax></bndbox>"
        thing = f"<object><name>{('cat', 'dog')[index % 2]}</name>{box}</object>"
        (root / f"VOC/Annotations/{index}.xml").write_text(f"<annotation>{size}{thing}</annotation>")
    return root


def coco(root: Path) -> Path:
    photographs(root / "train2017", 6)
    photographs(root / "val2017", 6, 20)
    (root / "annotations").mkdir()
    for part in ("train", "val"):
        images = [{"id": index, "file_name": f"{index}.png", "width": 60, "height": 40} for index in range(6)]
        things = [{"image_id": n, "category_id": 7 + n % 2, "bbox": [10, 4, 20, 20], "iscrowd": 0} for n in range(6)]
        things.append({"image_id": 0, "category_id": 7, "bbox": [0, 0, 60, 40], "iscrowd": 1})
        record = {
            "images": images,
            "annotations": things,
            "categories": [{"id": 7, "name": "cat"}, {"id": 8, "name": "dog"}],
        }
        for kind in ("instances", "keypoints"):
            (root / f"annotations/{kind}_{part}2017.json").write_text(json.dumps(record))
    return root


def test_boxes_of_voc_and_coco_are_cut_out_to_the_pixel(tmp_path: Path) -> None:
    report = data.inspect(voc(tmp_path / "voc"))
    assert (report.class_names, report.counts, report.sizes) == (("cat", "dog"), {"all": (3, 3)}, (((20, 20), 6),))
    report = data.inspect(coco(tmp_path / "coco"))
    assert report.counts == {"train": (3, 3), "validation": (3, 3)}
    assert report.sizes == (((20, 20), 12),)
    pets = data.add(tmp_path / "voc", "pets", 20, reading="boxes")
    stored = {pixels.tobytes() for part in pets.parts.values() for pixels in part.images}
    expected = {np.asarray(noise(index, (60, 40)))[4:24, 10:30].tobytes() for index in range(6)}
    assert stored == expected


def test_boxes_of_one_image_stay_in_one_part(tmp_path: Path) -> None:
    source = tmp_path / "x"
    for index in range(30):
        source.mkdir(exist_ok=True)
        # All boxes of an image have its own gray.
        Image.new("L", (60, 40), 8 * index).save(source / f"{index}.png")
        (source / f"{index}.txt").write_text("0 0.25 0.5 0.5 1\n1 0.75 0.5 0.5 1\n0 0.5 0.5 1 1\n")
    pets = data.add(source, "pets", 16, reading="boxes")
    grays = [set(part.images[:, 0, 0, 0].tolist()) for part in pets.parts.values()]
    assert [len(part) for part in grays] == [len(part) // 3 for part in pets.parts.values()]
    assert sum(map(len, grays)) == len(set.union(*grays)) == 30
    assert min(map(len, grays)) > 1


def test_boxes_that_cannot_be_right_are_left_out_with_the_reason(tmp_path: Path) -> None:
    source = voc(tmp_path / "x")
    first = source / "VOC/Annotations/0.xml"
    first.write_text(first.read_text().replace(">60<", ">600<"))
    second = source / "VOC/Annotations/2.xml"
    second.write_text(second.read_text().replace(">30<", ">15<"))
    report = data.inspect(source)
    assert dict(report.unreadable) == {
        "VOC/JPEGImages/0.png (box 1)": "is of an image that has another size than its boxes were drawn in",
        "VOC/JPEGImages/2.png (box 1)": "has a side below 8 pixels",
    }


def test_entities_in_xml_and_too_many_boxes_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = voc(tmp_path / "x")
    for file in (source / "VOC/Annotations").iterdir():
        file.write_text(f'<!DOCTYPE a [<!ENTITY b "bbbb">]>{file.read_text()}')
    with pytest.raises(ValueError, match="data set for detection"):
        data.inspect(source)
    monkeypatch.setattr(boxes, "MAX_FILES", 3)
    with pytest.raises(ValueError, match="more than 3 boxes"):
        data.inspect(yolo(tmp_path / "y"))


def test_boxes_outside_of_their_images_are_counted_and_not_used(tmp_path: Path) -> None:
    source = yolo(tmp_path / "x")
    # Pixels in place of fractions, a damaged line, and a box that reaches out a little.
    (source / "labels/train/0.txt").write_text("0 0 0 100 100\n1 x y\n0 0.3 0.3 0.7 0.7\n")
    report = data.inspect(source)
    assert report.counts == {"all": (3, 8)}
    assert any(
        warning.startswith("Boxes that cannot be used") and warning.endswith(": 2.") for warning in report.warnings
    )
    whole = coco(tmp_path / "coco")
    for file in (whole / "annotations").iterdir():
        file.write_text(file.read_text().replace("[10, 4, 20, 20]", "[40, 20, 60, 40]"))
    with pytest.raises(ValueError, match="data set for detection"):
        data.inspect(whole)


def test_the_masks_of_pascal_voc_are_neither_classes_nor_cut(tmp_path: Path) -> None:
    source = voc(tmp_path / "x")
    for folder in ("SegmentationClass", "SegmentationObject"):
        photographs(source / "VOC" / folder, 4, 50)
    (source / "VOC/ImageSets/Main").mkdir(parents=True)
    (source / "VOC/ImageSets/Main/cat_train.txt").write_text("".join(f"{n}  {(-1) ** n}\n" for n in range(6)))
    report = data.inspect(source)
    assert (report.reading, report.counts) == ("boxes", {"all": (3, 3)})
    assert {name for name, reason in report.skipped if reason == "without a box"} == {
        f"VOC/{folder}/{number}.png" for folder in ("SegmentationClass", "SegmentationObject") for number in range(4)
    }


@pytest.mark.parametrize(
    "header",
    ["filename,width,height,class,xmin,ymin,xmax,ymax", "Path,Width,Height,ClassId,Roi.X1,Roi.Y1,Roi.X2,Roi.Y2"],
)
def test_boxes_in_a_table_are_cut_out(header: str, tmp_path: Path) -> None:
    photographs(tmp_path / "x/train", 6)
    photographs(tmp_path / "x/valid", 4, 50)
    for part, number in (("train", 6), ("valid", 4)):
        boxes = "".join(f"{n}.png,60,40,{kind},10,4,30,24\n" for n in range(number) for kind in ("cat", "dog"))
        (tmp_path / "x" / part / "_annotations.csv").write_text(f"{header}\n{boxes}0.png,60,40,cat,1,2,x,9\n")
    report = data.inspect(tmp_path / "x")
    assert report.reading == f"boxes:train/_annotations.csv:{header.split(',')[3]}"
    assert (report.counts, report.sizes) == ({"train": (6, 6), "validation": (4, 4)}, (((20, 20), 20),))
    assert report.warnings[1].endswith("is there: 2.")
    assert data.inspect(tmp_path / "x", reading="boxes").counts == report.counts
