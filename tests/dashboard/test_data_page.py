"""The Data page in Streamlit's own test harness: what is there, adding a folder, removing it, hostile names."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.common import thumbnails
from dashboard.common.page import PAGES, plain
from dashboard.data import own_images
from tests.helpers.pages import metrics, opened, sound, words
from tfpool import data
from tfpool.cli import parser
from tfpool.data.builtin.keras_datasets import Download
from tfpool.data.registry import BuiltIn, downloads

HOSTILE = ("<script>alert(1)<", "[x](javascript:alert(1))", "**bold** :red[x]", "# $a$")


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    return tmp_path / "datasets"


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    random = np.random.default_rng(0)
    for name in HOSTILE:
        folder = tmp_path / "photos" / name
        folder.mkdir(parents=True)
        for number in range(6):
            Image.fromarray(random.integers(0, 256, (20, 20, 3), np.uint8)).save(folder / f"{number}.png")
    (folder / "**bad**.png").write_text("no image")
    return tmp_path / "photos"


def checked(path: Path) -> AppTest:
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    app.text_input(key="data_path").set_value(str(path)).run()
    app.button(key="data_check").click().run()
    sound(app)
    return app


def plainly(app: AppTest) -> str:
    return words(app).replace("\\", "")


def captions(app: AppTest) -> list[str]:
    (images,) = app.get("image")
    return [each.caption for each in images.proto.imgs]


def test_the_page_stands_between_parameters_and_train() -> None:
    assert list(PAGES).index("Data") == list(PAGES).index("Parameters") + 1 == list(PAGES).index("Train") - 1


def test_the_bundled_images_are_shown_with_their_numbers_and_classes() -> None:
    app = opened("Data")
    assert metrics(app)["Training images"] == "12,000"
    assert metrics(app)["Each image"] == "28×28×1"
    assert len(captions(app)) == 24
    assert {each.replace("\\", "") for each in captions(app)} <= set(data.load("fashion_mnist").class_names)
    assert len(app.get("plotly_chart")) == 1


def test_an_address_opens_the_same_images_and_another_draw_others() -> None:
    app = opened("Data", data_name="fashion_mnist", data_part="test", data_class="Bag")
    assert set(captions(app)) == {"Bag"}
    (images,) = app.get("image")
    before = [each.url for each in images.proto.imgs]
    app.button(key="data_others").click().run()
    sound(app)
    assert app.number_input(key="data_draw").value == 1
    assert [each.url for each in app.get("image")[0].proto.imgs] != before


def test_what_is_not_downloaded_says_from_where_and_how_much() -> None:
    app = opened("Data", data_name="cifar10")
    assert "cifar10 is not here yet. It is downloaded once, 170 MB from https://www.cs.toronto.edu" in plainly(app)
    assert metrics(app)["Training images"] == "45,000"
    assert "Add my own" in [each.value for each in app.subheader]


def test_a_built_in_data_set_is_declared_in_one_place(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    part = data.Part(np.zeros((2, 8, 8, 1), np.uint8), np.arange(2))
    stripes = data.DataSet("stripes", ("along", "across"), part, part, part)
    row = BuiltIn("Striped squares.", (2, 2, 2), 2, (8, 8, 1), lambda: stripes, made_from="nothing")
    monkeypatch.setitem(data.DATA, "stripes", row)
    monkeypatch.setitem(data.DATA, "dots", replace(row, download=Download("dots", "https://x.y", "dots", 10, ())))
    assert data.names()[-2:] == ["stripes", "dots"]
    assert parser.main(["data"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()][-2:] == ["stripes", "dots"]
    for command in (["data", "fetch", "stripes"], ["train", "resnet8", "--data", "dot"]):
        assert parser.main(command) == 2
        assert "dots" in capsys.readouterr().err
    app = opened("Data", data_name="stripes")
    assert metrics(app)["Training images"] == "2"
    assert set(captions(app)) == {"along", "across"}
    assert "Striped squares." in words(app)
    app.selectbox(key="data_name").set_value("dots").run()
    sound(app)
    assert app.button(key="data_download")


def test_a_download_that_fails_is_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    def fetch(name: str, progress: object) -> None:
        raise ValueError(f"{name} could not be fetched: **no** network.")

    monkeypatch.setattr("tfpool.data.builtin.download.fetch", fetch)
    app = opened("Data", data_name="mnist")
    app.button(key="data_download").click().run()
    sound(app)
    assert app.error[0].value == plain("mnist could not be fetched: **no** network.")


def test_a_folder_is_checked_kept_shown_and_removed(photos: Path, home: Path) -> None:
    app = checked(photos)
    assert not home.exists()
    assert metrics(app)["Images"] == "24"
    tables = [table.value for table in app.dataframe]
    assert sorted(tables[0]["class"]) == sorted(HOSTILE)
    assert list(tables[0]["images"]) == [6] * 4
    assert len(tables) == 2
    assert [code.value for code in app.code] == [f"{HOSTILE[-1]}/**bad**.png: is not an image that can be read"]
    assert app.text_input(key="data_new_name").value == "photos"
    app.text_input(key="data_new_name").set_value("My <b>**pets**")
    app.number_input(key="data_new_size").set_value(16)
    app.toggle(key="data_new_grey").set_value(True).run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert app.selectbox(key="data_name").value == "my-b-pets"
    assert plain("My <b>**pets**") in words(app)
    assert metrics(app)["Each image"] == "16×16×1"
    assert set(captions(app)) == {plain(name) for name in HOSTILE}
    spec = app.get("plotly_chart")[0].proto.spec
    assert "<script>" not in spec
    app.button(key="data_remove").click().run()
    sound(app)
    assert app.selectbox(key="data_name").value == "fashion_mnist"
    assert data.names() == list(data.DATA)


def test_what_cannot_be_checked_is_a_message_and_the_page_goes_on(tmp_path: Path) -> None:
    app = checked(tmp_path / "**missing**")
    assert "There is nothing to read at" in plainly(app)
    assert plain("**missing**") in app.error[0].value
    assert metrics(app)["Training images"] == "12,000"


def test_the_button_keeps_at_once_under_the_folders_name(photos: Path) -> None:
    app = checked(photos)
    app.button(key="data_keep").click().run()
    sound(app)
    assert app.selectbox(key="data_name").value == "photos"


def test_few_images_are_told_to_want_pretrained_weights_and_many_are_not(photos: Path) -> None:
    data.add(photos, "pets", 16)
    assert "16 training images" in words(opened("Data", data_name="pets"))
    assert "pretrained" not in words(opened("Data"))


def test_a_data_set_without_a_name_is_a_message(photos: Path) -> None:
    app = checked(photos)
    app.text_input(key="data_new_name").set_value("").run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert app.error[0].value == plain("A data set needs a name, in any words, such as 'My photos'.")
    assert metrics(app)["Images"] == "24"


def test_a_report_belongs_to_its_source(photos: Path) -> None:
    app = checked(photos)
    app.text_input(key="data_path").set_value(str(photos.parent)).run()
    sound(app)
    assert "Images" not in metrics(app)
    assert "Checking keeps nothing" in words(app)


def test_a_damaged_data_set_is_a_message_and_can_be_removed(photos: Path) -> None:
    made = data.add(photos, "pets", 16)
    (Path(made.location) / "dataset.json").write_text("{}")
    app = opened("Data", data_name="pets")
    assert "pets is damaged" in plainly(app)
    app.button(key="data_remove").click().run()
    sound(app)
    assert data.names() == list(data.DATA)


def test_removing_what_is_gone_is_a_message(photos: Path) -> None:
    data.add(photos, "pets", 16)
    app = opened("Data", data_name="pets")
    data.remove("pets")
    app.button(key="data_remove").click().run()
    sound(app)
    assert "There is no data set of your own named 'pets' to remove" in plainly(app)


def test_own_images_can_be_trained_on_and_those_to_be_downloaded_not_yet(photos: Path) -> None:
    data.add(photos, "pets", 16)
    app = opened("Train", train_data="pets")
    assert app.selectbox(key="train_data").options == [*(name for name in data.names() if name not in downloads())]
    assert app.number_input(key="train_images").value <= 24
    app.selectbox(key="train_data").set_value("fashion_mnist").run()
    sound(app)
    app.selectbox(key="train_data").set_value("pets").run()
    sound(app)


def test_large_images_are_drawn_small_and_boxes_are_drawn() -> None:
    large = data.Part(np.zeros((1, 600, 300, 3), np.uint8), np.zeros(1, np.int64))
    assert thumbnails.tile(large, 0).shape == (224 + 16, 112 + 16, 4)
    boxed = data.load("scattered").test
    assert (thumbnails.tile(boxed, 0)[..., :3] == thumbnails._BOX).all(axis=-1).any()
    plain_part = data.Part(boxed.images, boxed.labels)
    assert not (thumbnails.tile(plain_part, 0)[..., :3] == thumbnails._BOX).all(axis=-1).any()


def test_a_class_without_images_in_a_part_is_said() -> None:
    some = data.Part(np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 0, 1, 1]))
    assert len(thumbnails.drawn(some, 2, 0, 24)) == 0
    assert sorted(thumbnails.drawn(some, 1, 5, 24)) == [2, 3]
    assert len(thumbnails.drawn(some, None, 5, 3)) == 3
