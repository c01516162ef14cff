"""Many images classified at once on the CAM page: a table, a threshold, and a CSV file."""

import csv
import io
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.cam import many_images
from tests.helpers.pages import opened, sound, words
from tfpool import examples
from tfpool.inference.classifier import of_run
from tfpool.inference.classify_files import NONE, Prediction, Upload, classify_files, csv_of
from tfpool.models.pretrained.applications import BUNDLED

PHOTOGRAPHS = sorted((BUNDLED / "photographs").glob("*.jpg"))


def packed(*others: tuple[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for path in PHOTOGRAPHS:
            archive.write(path, f"new/{path.name}")
        for name, content in others:
            archive.writestr(name, content)
    return file.getvalue()


def send(app: AppTest, *files: tuple[str, bytes]) -> None:
    app.file_uploader(key="cam_many_files").set_value([(name, content, "image/jpeg") for name, content in files]).run()
    sound(app)
    app.button(key="cam_many_start").click().run()
    sound(app)


@pytest.fixture
def app(empty: Path) -> AppTest:
    return opened("CAM", cam_models="example-gap", cam_number="12", cam_many="true")


def test_images_and_zips_are_classified_as_on_the_command_line(app: AppTest) -> None:
    send(app, ("cat.jpg", PHOTOGRAPHS[0].read_bytes()), ("new.zip", packed(("empty.jpg", b""), ("notes.txt", b"x"))))
    table = app.dataframe[-1].value
    paths = [str(path) for path in (PHOTOGRAPHS[0], *PHOTOGRAPHS)]
    expected = classify_files(of_run(examples.runs()["example-gap"]), paths, 5).predictions
    assert list(table["image"]) == ["cat.jpg", "new.zip/new/cat.jpg", "new.zip/new/coffee.jpg"]
    assert list(table["class"]) == [each.class_name for each in expected]
    assert list(table["probability"]) == pytest.approx([each.classes[0][1] for each in expected], abs=1e-6)
    assert "empty" in words(app)
    assert "notes" not in words(app)
    app.slider(key="cam_many_least").set_value(100).run()
    sound(app)
    assert set(app.dataframe[-1].value["class"]) == {NONE}
    assert list(app.dataframe[-1].value["likeliest"]) == list(table["class"])
    # Other files are another question.
    app.file_uploader(key="cam_many_files").set_value([("cat.jpg", PHOTOGRAPHS[0].read_bytes(), "image/jpeg")]).run()
    sound(app)
    assert all("next" not in table.value for table in app.dataframe)


def test_what_cannot_be_read_is_a_message(app: AppTest) -> None:
    for name, content, word in (("a.zip", b"no zip", "zip"), ("a.jpg", b"<html>", "web page"), ("b.zip", packed(), "")):
        send(app, (name, content))
        assert (word in words(app)) == bool(app.error or not word)
        assert bool(app.error) == bool(word)


def test_a_name_is_never_markup(app: AppTest) -> None:
    send(app, ("**bold** $x$.jpg", b""), ("cat.jpg", PHOTOGRAPHS[0].read_bytes()))
    assert r"\*\*bold\*\*" in app.warning[-1].value


def test_the_table_and_the_file_have_the_same_rows() -> None:
    classes = (("a", 0.5), ("b", 0.3), ("c", 0.2))
    predictions = [Prediction("1.png", NONE, classes)]
    rows = list(csv.DictReader(io.StringIO(csv_of(predictions))))
    assert rows[0]["likeliest"] == many_images._table(predictions)["likeliest"][0] == "a"
    assert many_images._table(predictions)["next"][0] == "b 30.0%, c 20.0%"


def test_stop_ends_the_work_between_two_images() -> None:
    class Stop(Exception):
        pass

    read: list[int] = []

    def progress(done: int, total: int) -> None:
        read.append(done)
        if done == 2:
            raise Stop

    uploads = [Upload(f"{number}.jpg", io.BytesIO(PHOTOGRAPHS[0].read_bytes())) for number in range(5)]
    classifier = SimpleNamespace(class_names=("a",), read=lambda *_, **__: None)
    with pytest.raises(Stop):
        classify_files(classifier, uploads, 1, progress=progress)
    assert read == [1, 2]
