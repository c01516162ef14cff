"""The Data page asks how images are meant that are not plainly a folder per class, and saves what was chosen."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.data import own_images
from tests.helpers.pages import opened, sound, words
from tfpool import data

BOX = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>20</xmax><ymax>20</ymax></bndbox>"
VOC = (
    "<annotation><size><width>30</width><height>24</height></size><object><name>{}</name>"
    + BOX
    + "</object></annotation>"
)
COCO = {
    "images": [{"id": n, "file_name": f"{n}.png", "width": 30, "height": 24} for n in range(8)],
    "categories": [{"id": 0, "name": "cat"}, {"id": 1, "name": "dog"}],
    "annotations": [{"image_id": n, "category_id": n % 2, "bbox": [2, 2, 20, 20]} for n in range(8)],
}
NAMES = ("cat", "dog")
PLAIN = [f"{n}.png" for n in range(8)]
CSV = "Datei;Art\n" + "".join(f"{n};{NAMES[n % 2]}\n" for n in range(8))
ONE_HOT = "file,cat,dog,split\n" + "".join(
    f"{n}.png,{1 - n % 2},{n % 2},{'train' if n < 6 else 'test'}\n" for n in range(8)
)
YOLO = {f"labels/{n}.txt": f"{n % 2} 0.5 0.5 0.5 0.5\n" for n in range(8)}
LAYOUTS: dict[str, tuple[list[str], Mapping[str, str], str]] = {
    "a table": ([f"train/{name}" for name in PLAIN] + ["test/9.png"], {"labels.csv": CSV}, "table:labels.csv:Art"),
    "columns of zeros and ones": (PLAIN, {"t.csv": ONE_HOT}, "table:t.csv:cat, dog"),
    "a json": (PLAIN, {"t.json": json.dumps({f"{n}.png": NAMES[n % 2] for n in range(8)})}, "table:t.json:label"),
    "names": ([f"{name}.{n}.png" for name in NAMES for n in range(4)] + ["IMG_1.png"], {}, "names"),
    "yolo": ([f"images/{n}.png" for n in range(8)], {**YOLO, "data.yaml": "names: [cat, dog]"}, "boxes"),
    "voc": (PLAIN, {f"{n}.xml": VOC.format(NAMES[n % 2]) for n in range(8)}, "boxes"),
    "coco": (PLAIN, {"a.json": json.dumps(COCO)}, "boxes"),
    "parts of a camera's card": (
        [f"images_{n // 4}/{n}.png" for n in range(8)],
        {"labels.csv": CSV},
        "table:labels.csv:Art",
    ),
}


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def made(folder: Path, images: list[str], texts: Mapping[str, str] | None = None) -> Path:
    random = np.random.default_rng(0)
    for name in images:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (24, 30, 3), np.uint8)).save(folder / name)
    for name, text in (texts or {}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def check(app: AppTest, path: Path) -> None:
    app.text_input(key="data_path").set_value(str(path)).run()
    app.button(key="data_check").click().run()
    sound(app)


def test_every_layout_is_read_shown_and_saved_as_it_was_shown(tmp_path: Path, home: Path) -> None:
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    for number, (images, texts, key) in enumerate(LAYOUTS.values()):
        folder = made(tmp_path / f"photos {number}", images, texts)
        check(app, folder)
        table = app.dataframe[0].value
        assert list(table["class"]) == ["cat", "dog"], key
        assert table.drop(columns="class").to_numpy().sum() == 8
        assert "Save if you mean the classes below" in app.info[0].value
        assert [line.rpartition(": ")[2] for line in app.code[0].value.splitlines()] == ["cat", "dog"]
        with pytest.raises(ValueError, match="reading="):
            data.add(folder, "x", 16)
        app.text_input(key="data_new_name").set_value(f"Pets {number}").run()
        app.number_input(key="data_new_size").set_value(16).run()
        app.button(key="data_keep").click().run()
        sound(app)
        assert data.load(f"pets-{number}").class_names == NAMES
        assert json.loads((home / f"pets-{number}/dataset.json").read_text())["reading"] == key


def test_another_way_can_be_chosen_and_is_what_is_saved(tmp_path: Path) -> None:
    folders = [f"{shade}/{name}/{n}.png" for shade in ("color", "gray") for name in ("pear", "apple") for n in range(4)]
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, made(tmp_path / "plants", folders))
    choice = app.selectbox(key="data_reading")
    assert choice.value == "folders"
    assert list(app.dataframe[0].value["class"]) == ["color", "gray"]
    choice.set_value("inner:color").run()
    sound(app)
    assert list(app.dataframe[0].value["images"]) == [4, 4]
    assert "8 images left out: not in color" in words(app).replace("\\", "")
    app.text_input(key="data_new_name").set_value("Fruit")
    app.number_input(key="data_new_size").set_value(16).run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert data.load("fruit").class_names == ("apple", "pear")
    assert sum(len(part) for part in data.load("fruit").parts.values()) == 8


def test_a_way_that_is_refused_leaves_the_others_to_choose(tmp_path: Path) -> None:
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, made(tmp_path / "parts", [f"{part}/{n}.png" for part in ("train", "test") for n in range(4)]))
    assert "called like parts" in app.error[0].value
    assert "data_keep" not in [button.key for button in app.button]
    app.selectbox(key="data_reading").set_value("outer").run()
    sound(app)
    assert not app.error
    assert list(app.dataframe[0].value["class"]) == ["test", "train"]


def test_names_in_a_table_are_shown_literally(tmp_path: Path) -> None:
    names = ("**bold** :red[x]", "<script>alert(1)</script>")
    table = "*file*,[label](x)\n" + "".join(f'{n}.png,"{names[n % 2]}"\n' for n in range(8))
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, made(tmp_path / "photos", PLAIN, {"labels.csv": table}))
    assert set(app.dataframe[0].value["class"]) == set(names)
    assert "\\[label\\]" in words(app)
