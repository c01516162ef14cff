"""Images and a model of one's own in Chromium: dropped, pasted, many at once, and still there after another page."""

import csv
import re
import zipfile
from collections import Counter
from pathlib import Path

import pytest
from PIL import Image
from playwright.sync_api import expect

from tests.browser.conftest import MINUTES, Browse, Serve, appears, looked_at, settle
from tests.dashboard.test_uploads import saved

pytestmark = pytest.mark.browser
PASTE = """async () => {
    const canvas = Object.assign(document.createElement("canvas"), { width: 40, height: 40 });
    canvas.getContext("2d").fillRect(5, 5, 20, 20);
    const blob = await new Promise((done) => canvas.toBlob(done)), clipboardData = new DataTransfer();
    clipboardData.items.add(new File([blob], "image.png", { type: "image/png" }));
    document.body.dispatchEvent(new ClipboardEvent("paste", { clipboardData, bubbles: true, cancelable: true }));
}"""
"""JavaScript: what a browser does when somebody pastes a picture."""


def test_own_images_and_an_own_model_are_on_both_pages_until_the_visit_ends(
    tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    opened = browse(f"{serve(tmp_path / 'saved_models')}/Inside?inside_source=my+own")
    appears(opened.get_by_text("take a picture"), timeout=MINUTES)
    # No camera before somebody asks for it.
    expect(opened.get_by_test_id("stCameraInput")).to_have_count(0)
    opened.evaluate(PASTE)
    expect(opened.locator(".photo")).to_have_attribute("alt", "The image: image.png", timeout=MINUTES)
    settle(opened)
    Image.effect_noise((60, 60), 90).save(tmp_path / "noise.png")
    uploader = opened.get_by_test_id("stFileUploader").filter(has_text="Image files").locator('input[type="file"]')
    uploader.set_input_files(tmp_path / "noise.png")
    expect(opened.locator(".photo")).to_have_attribute("alt", "The image: noise.png")
    settle(opened)

    opened.get_by_text("Upload a model").click()
    saved(tmp_path)
    (tmp_path / "names.txt").write_text("boot\nbag\ncoat")
    models = opened.get_by_test_id("stFileUploader").filter(has_text=".keras").locator('input[type="file"]')
    models.set_input_files([tmp_path / "model.keras", tmp_path / "names.txt"])
    expect(opened.locator(".class .label")).to_have_count(3, timeout=MINUTES)
    assert sorted(opened.locator(".class .label").all_text_contents()) == ["bag", "boot", "coat"]
    expect(opened.get_by_role("textbox", name="Class names, one per line")).to_have_value("boot\nbag\ncoat")
    looked_at(opened, "Inside-own-model")

    opened.get_by_test_id("stSidebar").get_by_role("link", name="CAM").click()
    expect(opened.get_by_text(re.compile("predicts: (boot|bag|coat)"))).to_be_visible(timeout=MINUTES)
    appears(opened.get_by_text("noise.png Drag"))


def test_a_picture_of_the_camera_is_explained(tmp_path: Path, serve: Serve, browse: Browse) -> None:
    opened = browse(f"{serve(tmp_path / 'saved_models')}/CAM?cam_source=my+own")
    appears(opened.get_by_text("take a picture"), timeout=MINUTES)
    opened.context.grant_permissions(["camera"])
    opened.get_by_text("Use the camera").click()
    # The button is there before the camera has a picture.
    opened.wait_for_function("() => document.querySelector('video')?.videoWidth > 0", timeout=MINUTES)
    settle(opened)
    opened.get_by_role("button", name="Take photo").click()
    appears(opened.get_by_text("camera picture Drag"), timeout=MINUTES)
    expect(opened.get_by_text("predicts:").first).to_be_visible(timeout=MINUTES)
    # The picture is taken: the camera is off again.
    expect(opened.get_by_test_id("stCameraInput")).to_have_count(0)
    looked_at(opened, "CAM-camera")


def test_many_uploads_are_classified_and_their_predictions_downloaded(
    tmp_path: Path, shared: str, browse: Browse
) -> None:
    for gray in (40, 220):
        Image.linear_gradient("L").point(lambda level, gray=gray: min(level + gray, 255)).save(tmp_path / f"{gray}.png")
    (tmp_path / "cut.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        for name in ("a/1.png", "b/1.png"):
            archive.write(tmp_path / "40.png", name)
    opened = browse(f"{shared}/CAM?cam_models=example-gap&cam_number=12&cam_many=true")
    uploader = opened.get_by_test_id("stFileUploader").filter(has_text="zips of images").locator('input[type="file"]')
    uploader.set_input_files([tmp_path / name for name in ("40.png", "220.png", "cut.jpg", "more.zip")])
    opened.get_by_role("button", name="Classify").click()
    appears(opened.get_by_text(re.compile(r"^4 images: ")), timeout=MINUTES)
    appears(opened.get_by_text("1 is JPEG, but damaged or cut off, such as cut.jpg"))
    looked_at(opened, "CAM-many")
    with opened.expect_download() as download:
        opened.get_by_role("button", name="Predictions, CSV").click()
    assert download.value.suggested_filename == "predictions.csv"
    rows = list(csv.DictReader(download.value.path().read_text(encoding="utf-8").splitlines()))
    assert [row["file"] for row in rows] == ["40.png", "220.png", "more.zip/a/1.png", "more.zip/b/1.png"]
    assert len({(row["class"], row["probability"]) for row in (rows[0], *rows[2:])}) == 1
    assert all(1 >= float(row["probability"]) >= float(row["probability_2"]) >= 0 for row in rows)
    listed = ", ".join(f"{count} {name}" for name, count in Counter(row["class"] for row in rows).most_common())
    appears(opened.get_by_text(f"4 images: {listed}."))
