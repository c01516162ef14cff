"""A model and images of one's own on CAM and Inside, in Streamlit's test harness."""

import gc
import io
from pathlib import Path
from weakref import ref

import keras
import numpy as np
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from dashboard.cam import image_upload, uploaded_model
from dashboard.cam.uploaded_model import UploadedModel
from dashboard.common.page import PAGES
from dashboard.common.uploads import Upload
from tests.helpers.pages import opened, sound, words
from tfpool.tracking.store import RunStore

BYTES = "application/octet-stream"
NAMES = b"boot\n\nbag\ncoat\n"


def small(classes: int = 3, scaled: bool = False, forbidden: bool = False) -> keras.Model:
    image = x = keras.Input((16, 16, 3))
    if scaled:
        x = keras.layers.Rescaling(1 / 255)(x)
    x = keras.layers.Conv2D(4, 3, activation="relu")(x)
    if forbidden:
        x = keras.layers.Lambda(lambda values: values)(x)
    x = keras.layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, keras.layers.Dense(classes, activation="softmax")(x))


def saved(folder: Path, kind: str = "keras", **settings: bool | int) -> bytes:
    path = folder / f"model.{kind}"
    small(**settings).save(path)
    return path.read_bytes()


def png(side: int = 20, gray: int = 90) -> bytes:
    file = io.BytesIO()
    Image.fromarray(np.full((side, side, 3), gray, np.uint8)).save(file, "PNG")
    return file.getvalue()


def send_model(app: AppTest, *files: tuple[str, bytes]) -> None:
    uploader = next(each for each in app.file_uploader if "_own_model_" in str(each.key))
    uploader.set_value([(name, content, BYTES) for name, content in files]).run()
    sound(app)


def send_images(app: AppTest, *files: tuple[str, bytes]) -> None:
    uploader = next(each for each in app.file_uploader if "_upload_" in str(each.key))
    uploader.set_value([(name, content, "image/png") for name, content in files]).run()
    sound(app)


def go(app: AppTest, page: str) -> None:
    app.switch_page(PAGES[page].path).run()
    sound(app)


def own(app: AppTest) -> UploadedModel:
    return app.session_state["own_model"][0]


def test_an_uploaded_model_is_explained_with_its_classes_and_its_pixels(empty: Path, tmp_path: Path) -> None:
    app = opened("CAM")
    # By their content files are told apart, and a path in a name leads nowhere.
    send_model(app, ("mine.keras", saved(tmp_path, scaled=True)), ("names.txt", NAMES))
    assert not app.error
    assert app.multiselect(key="cam_models").value == ["mine.keras"]
    assert app.selectbox(key="cam_target").options[1:] == ["boot", "bag", "coat"]
    assert "pixels from 0 to 255, since the model scales them itself" in words(app).replace("\\", "")
    model = own(app).model
    sent = next(iter(own(app)._classifiers.values()))
    np.testing.assert_allclose(sent.probabilities(np.zeros((1, 16, 16, 3), np.uint8)), model(np.zeros((1, 16, 16, 3))))

    # Typed names replace those of the file, and as many are needed as there are classes.
    text = app.text_area[0]
    assert text.value == "boot\nbag\ncoat"
    text.set_value("one\ntwo").run()
    sound(app)
    assert "3 classes, but there are 2" in app.warning[0].value
    assert app.selectbox(key="cam_target").options[1:] == ["class 0", "class 1", "class 2"]
    app.text_area[0].set_value("one\ntwo\nthree").run()
    assert app.selectbox(key="cam_target").options[1:] == ["one", "two", "three"]

    # It is there on another page, and on the way back.
    go(app, "Inside")
    assert app.selectbox(key="inside_model").value == "mine.keras"
    assert app.text_area[0].value == "one\ntwo\nthree"
    go(app, "Data")
    go(app, "CAM")
    assert app.multiselect(key="cam_models").value == ["mine.keras"]
    assert own(app).model is model

    # Nobody else sees it, and their page says so.
    other = opened("CAM", cam_models="mine.keras")
    assert "mine.keras" not in other.multiselect(key="cam_models").options
    assert "mine\\.keras" in other.warning[0].value
    assert "mine\\.keras" in opened("Inside", inside_model="mine.keras").warning[0].value
    assert not empty.exists()


def test_a_model_is_freed_with_its_session_and_when_another_is_uploaded(empty: Path, tmp_path: Path) -> None:
    app = opened("CAM")
    send_model(app, ("mine.h5", saved(tmp_path, "h5")))
    assert app.multiselect(key="cam_models").value == ["mine.h5"]
    first, token = ref(own(app).model), own(app).token
    send_model(app, ("other.keras", saved(tmp_path, classes=2)))
    assert app.multiselect(key="cam_models").value == ["other.keras"]
    gc.collect()
    assert first() is None
    with pytest.raises(ValueError, match="Upload it again"):
        uploaded_model.find(token)
    second = ref(own(app).model)
    del app
    gc.collect()
    assert second() is None


def test_a_file_that_is_refused_says_why_in_one_sentence_and_leaves_the_last_model(empty: Path, tmp_path: Path) -> None:
    app = opened("Inside")
    send_model(app, ("mine.keras", saved(tmp_path)))
    for name, content, reason in (
        ("broken.keras", saved(tmp_path)[:-200], "broken"),
        ("code.keras", saved(tmp_path, forbidden=True), "Lambda"),
        ("../../picture.h5", png(), "is an image"),
        ("names.keras", b"", "empty"),
    ):
        send_model(app, (name, content))
        (error,) = (each.value for each in app.error)
        assert reason in error
        assert str(tmp_path.parent) not in error
        assert "/tmp" not in error.replace("\\", "")
        assert app.selectbox(key="inside_model").value == "mine.keras"
    # A message is for the file that was refused alone.
    app.selectbox(key="inside_model").set_value("example-gap").run()
    assert not app.error


def test_a_model_of_the_stores_name_gets_another_and_names_alone_need_a_model(empty: Path, tmp_path: Path) -> None:
    RunStore(empty)
    empty.mkdir(exist_ok=True)
    (empty / "mine.keras").write_bytes(saved(tmp_path))
    app = opened("Inside")
    send_model(app, ("names.txt", NAMES))
    assert "need a model" in app.error[0].value
    send_model(app, ("mine.keras", saved(tmp_path, classes=2)))
    assert app.selectbox(key="inside_model").value == "mine.keras (uploaded)"
    send_model(app, ("names.txt", b"yes\nno"))
    assert own(app).class_names == ("yes", "no")


def test_a_model_that_is_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    upload = Upload("large.keras", saved(tmp_path))
    monkeypatch.setattr(uploaded_model, "MOST_HELD_MB", 0)
    with pytest.raises(ValueError, match="memory"):
        uploaded_model.read_model(upload)
    monkeypatch.setattr(uploaded_model, "MOST_MB", len(upload.content) / 2**20 - 0.001)
    with pytest.raises(ValueError, match=r"large\.keras is larger"):
        uploaded_model.read_model(upload)


@pytest.mark.slow
def test_images_of_ones_own_survive_a_look_at_another_page_and_a_bad_one_is_named(empty: Path) -> None:
    app = opened("CAM", cam_models="example-gap", cam_source="my own")
    assert "take a picture" in app.info[0].value
    send_images(app, ("one.png", png(gray=20)), ("two.png", png(gray=200)), ("fake.png", b"no image"))
    assert "fake\\.png" in app.error[0].value
    assert app.selectbox(key="cam_own_image").value == "two.png"
    app.selectbox(key="cam_own_image").set_value("one.png").run()
    sound(app)
    assert "one\\.png" in words(app)
    # Equal names stay apart.
    send_images(app, ("one.png", png(gray=120)))
    assert app.selectbox(key="cam_own_image").options == ["one.png (2)", "two.png", "one.png"]
    go(app, "Inside")
    assert app.selectbox(key="inside_source").value == "my own"
    assert app.selectbox(key="inside_own_image").value == "one.png (2)"
    go(app, "Home")
    go(app, "CAM")
    assert app.selectbox(key="cam_own_image").value == "one.png (2)"


def test_a_camera_is_on_the_page_only_on_demand_and_off_after_the_picture(empty: Path) -> None:
    app = opened("CAM", cam_source="my own")
    assert not app.camera_input
    next(each for each in app.toggle if "_camera_on_" in str(each.key)).set_value(True).run()
    app.camera_input[0].set_value(("shot.jpg", jpeg(), "image/jpeg")).run()
    sound(app)
    assert not app.camera_input
    assert app.selectbox(key="cam_own_image").value == "camera picture"
    assert [image.pixels.shape for image in app.session_state["own_images"]] == [(30, 30, 3)]


def jpeg() -> bytes:
    file = io.BytesIO()
    Image.new("RGB", (30, 30), "gray").save(file, "JPEG")
    return file.getvalue()


def test_a_session_holds_a_limited_number_of_images(empty: Path) -> None:
    app = opened("CAM", cam_source="my own")
    send_images(app, *((f"{number}.png", png(4)) for number in range(image_upload.MOST + 3)))
    held = [image.name for image in app.session_state["own_images"]]
    assert held == [f"{number}.png" for number in reversed(range(3, image_upload.MOST + 3))]
