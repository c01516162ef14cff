"""The Data page in Streamlit's test harness: built-in data sets, adding and deleting a folder, hostile names."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

import tfpool as tp
from dashboard.common import thumbnails
from dashboard.common.page import PAGES, plain
from dashboard.data import edits, own_images
from tests.data.custom.test_zip_names import zipped
from tests.helpers.pages import metrics, opened, sound, words
from tfpool import data
from tfpool.cli import parser
from tfpool.data.builtin.keras_datasets import Download
from tfpool.data.custom import storage
from tfpool.data.registry import BuiltIn, downloads
from tfpool.tracking.store import RunStore
from tfpool.training.queue import spec

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


def check(app: AppTest, path: Path) -> None:
    app.text_input(key="data_path").set_value(str(path)).run()
    app.button(key="data_check").click().run()
    sound(app)


def unescaped(app: AppTest) -> str:
    return words(app).replace("\\", "")


def captions(app: AppTest) -> list[str]:
    (images,) = app.get("image")
    return [image.caption for image in images.proto.imgs]


def test_the_page_stands_between_parameters_and_train() -> None:
    assert list(PAGES).index("Data") == list(PAGES).index("Parameters") + 1 == list(PAGES).index("Train") - 1


def test_an_address_opens_the_same_images_and_another_sample_others() -> None:
    app = opened("Data", data_name="fashion_mnist", data_part="test", data_class="Bag")
    assert metrics(app)["Training images"] == "12,000"
    assert metrics(app)["Image size"] == "28×28×1"
    assert captions(app) == ["Bag"] * 24
    assert len(app.get("plotly_chart")) == 1
    assert "pretrained" not in words(app)
    before = [image.url for image in app.get("image")[0].proto.imgs]
    app.button(key="data_others").click().run()
    sound(app)
    assert app.number_input(key="data_draw").value == 1
    assert [image.url for image in app.get("image")[0].proto.imgs] != before
    app.selectbox(key="data_name").set_value("cifar10").run()
    sound(app)
    assert "170 MB from https://www.cs.toronto.edu" in unescaped(app)
    assert metrics(app)["Training images"] == "45,000"


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

    def fetch(name: str, on_progress: object) -> None:
        raise ValueError(f"{name}: **no** network.")

    monkeypatch.setattr("tfpool.data.builtin.download.fetch", fetch)
    app.selectbox(key="data_name").set_value("dots").run()
    app.button(key="data_download").click().run()
    sound(app)
    assert app.error[0].value == plain("dots: **no** network.")


def test_a_folder_is_checked_saved_shown_and_deleted(photos: Path, home: Path) -> None:
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, photos.parent / "**missing**")
    assert plain("**missing**") in app.error[0].value
    assert metrics(app)["Training images"] == "12,000"

    check(app, photos)
    assert not home.exists()
    assert metrics(app)["Images"] == "24"
    tables = [table.value for table in app.dataframe]
    assert sorted(tables[0]["class"]) == sorted(HOSTILE)
    assert list(tables[0]["images"]) == [6] * 4
    assert len(tables) == 2
    assert [code.value.partition(": ")[0] for code in app.code] == [f"{HOSTILE[-1]}/**bad**.png"]
    assert app.text_input(key="data_new_name").value == "photos"

    app.text_input(key="data_path").set_value(str(photos.parent)).run()
    assert "Images" not in metrics(app)
    app.text_input(key="data_path").set_value(str(photos)).run()
    app.text_input(key="data_new_name").set_value("").run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert "name" in app.error[0].value
    assert metrics(app)["Images"] == "24"

    app.text_input(key="data_new_name").set_value("My <b>**pets**")
    app.number_input(key="data_new_size").set_value(16)
    app.toggle(key="data_new_grey").set_value(True).run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert app.selectbox(key="data_name").value == "my-b-pets"
    assert plain("My <b>**pets**") in words(app)
    assert metrics(app)["Image size"] == "16×16×1"
    assert set(captions(app)) == {plain(name) for name in HOSTILE}
    assert "<script>" not in app.get("plotly_chart")[0].proto.spec
    app.button(key="data_remove").click().run()
    sound(app)
    assert app.selectbox(key="data_name").value == "fashion_mnist"
    assert data.names() == list(data.DATA)


@pytest.mark.parametrize(
    ("folders", "layout", "columns"),
    [
        (("Train/{}", "Valid/{}", "Test/{}"), "parts given", ["train", "validation", "test"]),
        (("seg_train/seg_train/{}", "seg_test/seg_test/{}"), "parts given", ["train", "test"]),
        (("{}/training_set", "{}/holdout"), "parts given inside each class", ["train", "test"]),
        (("{}", "test"), "no parts given, 1 image left out: not in any class", ["images"]),
    ],
)
def test_the_report_shows_how_each_layout_was_read(
    folders: tuple[str, ...], layout: str, columns: list[str], tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    for folder in {each.format(name) for each in folders for name in ("cat", "dog")}:
        (tmp_path / "photos" / folder).mkdir(parents=True)
        Image.fromarray(random.integers(0, 256, (9, 9, 3), np.uint8)).save(tmp_path / "photos" / folder / "0.png")
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, tmp_path / "photos")
    assert plain(f"Read as: 2 classes, {layout}.") in words(app)
    table = app.dataframe[0].value
    assert list(table.columns) == ["class", *columns]
    assert table[columns].to_numpy().tolist() == [[1] * len(columns)] * 2


def test_damaged_and_missing_data_sets_are_messages_and_can_be_deleted(photos: Path) -> None:
    for name in ("pets", "gone"):
        data.add(photos, name, 16)
    app = opened("Data", data_name="gone")
    assert "16 training images" in words(app)
    data.remove("gone")
    app.button(key="data_remove").click().run()
    sound(app)
    assert "'gone'" in unescaped(app)
    (Path(data.load("pets").location) / "dataset.json").write_text("{}")
    app.selectbox(key="data_name").set_value("pets").run()
    assert "damaged" in words(app)
    app.button(key="data_remove").click().run()
    sound(app)
    assert data.names() == list(data.DATA)


def test_classes_are_renamed_and_left_out_in_a_new_data_set(photos: Path) -> None:
    pets = data.add(photos, "pets", 16)
    app = opened("Data", data_name="pets")
    assert app.button(key="data_edit_save").disabled
    app.multiselect(key="data_edit_rename").set_value([HOSTILE[0]]).run()
    app.text_input(key=f"data_edit_new_pets_{HOSTILE[0]}").set_value("cat").run()
    app.multiselect(key="data_edit_drop").set_value([HOSTILE[1]]).run()
    app.text_input(key="data_edit_name").set_value("pets").run()
    app.button(key="data_edit_save").click().run()
    sound(app)
    assert "already" in app.error[0].value
    app.text_input(key="data_edit_name").set_value("Other pets").run()
    app.button(key="data_edit_save").click().run()
    sound(app)
    assert app.selectbox(key="data_name").value == "other-pets"
    expected = [{HOSTILE[0]: "cat"}.get(name, name) for name in pets.class_names if name != HOSTILE[1]]
    assert data.load("other-pets").class_names == tuple(expected)
    assert data.load("pets").fingerprint == pets.fingerprint


def test_data_sets_are_merged_and_images_added_to_one(photos: Path) -> None:
    for name, seed in (("one", 0), ("two", 1)):
        data.add(photos, name, 16, seed=seed)
    app = opened("Data", data_name="one")
    app.segmented_control(key="data_edit_way").set_value(edits.MERGE).run()
    assert app.multiselect(key="data_edit_others").options == ["two"]
    app.multiselect(key="data_edit_others").set_value(["two"]).run()
    app.text_input(key="data_edit_name").set_value("both").run()
    app.button(key="data_edit_save").click().run()
    sound(app)
    assert sum(data.describe("both").images) == 24
    assert "24" in app.warning[0].value

    Image.new("L", (20, 20), 99).save(photos / HOSTILE[0] / "new.png")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, photos)
    app.selectbox(key="data_target").set_value("both").run()
    app.text_input(key="data_more_name").set_value("more").run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert sum(data.describe("more").images) == 25


def test_groups_and_padding_are_chosen_before_images_are_saved(photos: Path) -> None:
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    app.text_input(key="data_path").set_value(str(photos)).run()
    app.text_input(key="data_groups").set_value("([0-9]+)").run()
    check(app, photos)
    assert "group" in app.error[0].value
    app.text_input(key="data_groups").set_value("{group}.png").run()
    check(app, photos)
    assert any(list(table.value.columns) == ["group", "files"] for table in app.dataframe)
    app.toggle(key="data_new_pad").set_value(True).run()
    app.text_input(key="data_new_name").set_value("padded").run()
    app.button(key="data_keep").click().run()
    sound(app)
    folder = Path(data.load("padded").location)
    assert storage.reading(folder) == {"pad_to_aspect_ratio": True}
    assert storage.facts(folder)["group_by"] == "{group}.png"


def test_deleting_says_what_happens_to_runs_that_wait(photos: Path, tmp_path: Path) -> None:
    store, plan = RunStore(tmp_path / "saved_models"), tp.plan("convnet", input_shape=(16, 16, 3), classes=4)
    run_id = store.add(spec(plan, data.add(photos, "pets", 16), tp.Recipe()))
    app = opened("Data", data_name="pets")
    assert plain(run_id) in app.warning[0].value
    app.button(key="data_remove").click().run()
    sound(app)
    assert "pets" not in data.names()


def test_own_images_can_be_trained_on_and_those_to_be_downloaded_not_yet(photos: Path) -> None:
    data.add(photos, "pets", 16)
    app = opened("Train", train_data="pets")
    assert app.selectbox(key="train_data").options == [name for name in data.names() if name not in downloads()]
    assert app.number_input(key="train_images").value <= 24
    app.selectbox(key="train_data").set_value("fashion_mnist").run()
    sound(app)
    app.selectbox(key="train_data").set_value("pets").run()
    sound(app)


def test_large_images_are_shrunk_and_boxes_are_drawn() -> None:
    large = data.Part(np.zeros((1, 600, 300, 3), np.uint8), np.zeros(1, np.int64))
    assert thumbnails.tile(large, 0).shape == (224 + 16, 112 + 16, 4)
    boxed = data.Part(np.zeros((1, 8, 8, 1), np.uint8), np.zeros(1, np.int64), np.array([[2, 2, 6, 6]]))
    assert (thumbnails.tile(boxed, 0)[..., :3] == thumbnails._BOX).all(axis=-1).any()
    without_box = data.Part(boxed.images, boxed.labels)
    assert not (thumbnails.tile(without_box, 0)[..., :3] == thumbnails._BOX).all(axis=-1).any()


def test_a_sample_has_only_images_of_its_class() -> None:
    part = data.Part(np.zeros((4, 8, 8, 1), np.uint8), np.array([0, 0, 1, 1]))
    assert len(thumbnails.sample_positions(part, 2, 0, 24)) == 0
    assert sorted(thumbnails.sample_positions(part, 1, 5, 24)) == [2, 3]
    assert len(thumbnails.sample_positions(part, None, 5, 3)) == 3


def noise(seed: int, side: int = 20) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8))


def pictures(app: AppTest) -> list[str]:
    return [image.caption.replace("\\", "") for shown in app.get("image") for image in shown.proto.imgs]


def checked(path: Path) -> AppTest:
    app = opened("Data")
    app.segmented_control(key="data_way").set_value(own_images.PATH).run()
    check(app, path)
    return app


def test_names_in_a_zip_are_read_in_the_chosen_encoding(tmp_path: Path, home: Path) -> None:
    names = {"猫".encode("gbk"): 3, "咖啡".encode("gbk"): 3}
    (tmp_path / "x.zip").write_bytes(zipped(names).getvalue())
    app = checked(tmp_path / "x.zip")
    assert app.selectbox(key="data_encoding").value == "gb18030"
    assert "a guess" in unescaped(app)
    options = app.selectbox(key="data_encoding").options
    assert options[0] == "咖啡, 猫 – Chinese, simplified"
    assert len(set(options)) == len(options) > 3
    app.selectbox(key="data_encoding").set_value("big5").run()
    sound(app)
    assert "as chosen" in unescaped(app)
    assert list(app.dataframe[0].value["class"]) == ["癡", "縉溜"]
    app.selectbox(key="data_encoding").set_value("gb18030").run()
    assert "a guess" in unescaped(app)
    app.text_input(key="data_new_name").set_value("zoo").run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert data.load("zoo").class_names == ("咖啡", "猫")


def test_pages_and_bands_of_tiff_files_are_chosen(tmp_path: Path, home: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "x" / kind).mkdir(parents=True)
        for number in range(3):
            seed = 100 * ord(kind[0]) + 10 * number
            first, *others = [noise(seed + page) for page in range(4)]
            first.save(tmp_path / "x" / kind / f"{number}.tif", save_all=True, append_images=others)
    app = checked(tmp_path / "x")
    assert metrics(app)["Images"] == "6"
    assert "several pages" in words(app)
    app.text_input(key="data_page").set_value("all").run()
    sound(app)
    assert metrics(app)["Images"] == "24"
    app.text_input(key="data_bands").set_value("3,2,9").run()
    sound(app)
    assert "no band 9" in unescaped(app)
    app.text_input(key="data_bands").set_value("3,two").run()
    sound(app)
    assert "three bands" in unescaped(app)
    app.text_input(key="data_bands").set_value("3,2,1").run()
    assert "bands 3, 2, 1" in unescaped(app)
    app.text_input(key="data_new_name").set_value("stacks").run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert sum(map(len, data.load("stacks").parts.values())) == 24


def test_pictures_that_are_warned_of_are_shown(tmp_path: Path, home: Path) -> None:
    for kind in ("cat", "dog"):
        (tmp_path / "x" / kind).mkdir(parents=True)
        for number in range(6):
            noise(100 * ord(kind[0]) + number).save(tmp_path / "x" / kind / f"{number}.png")
    Image.new("RGB", (20, 20), "red").save(tmp_path / "x/cat/**red**.png")
    Image.fromarray(np.random.default_rng(0).integers(0, 16, (40, 40, 3), np.uint8)).save(tmp_path / "x/dog/night.png")
    large = np.kron(np.random.default_rng(5).integers(0, 256, (8, 8, 3), np.uint8), np.ones((32, 32, 1), np.uint8))
    for number in range(2):
        speck = large.copy()
        speck[16, 16, 0] ^= 1 + number
        Image.fromarray(speck).save(tmp_path / "x/dog" / f"large{number}.png")
    app = checked(tmp_path / "x")
    before = pictures(app)[-4:]
    assert {"cat/**red**.png", "dog/night.png"} <= set(before)
    assert "Pictures that are almost black" in words(app)
    app.number_input(key="data_new_size").set_value(8).run()
    app.text_input(key="data_new_name").set_value("pets").run()
    app.button(key="data_keep").click().run()
    sound(app)
    assert "equal after resizing" in words(app)
    assert pictures(app)[-2:] == ["dog/large0.png", "dog/large1.png"]


def test_a_source_of_plain_photos_asks_nothing_more(photos: Path) -> None:
    app = checked(photos)
    keys = {widget.key for widget in (*app.selectbox, *app.text_input)}
    assert not keys & {"data_encoding", "data_page", "data_bands"}
