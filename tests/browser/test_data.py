"""Own images in the browser: a zip is uploaded, checked, saved, shown and deleted; the work can be stopped."""

import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import Browse, Serve, appears, choose, fits, looked_at, picture, settle, stop_button
from tfpool import data

pytestmark = [pytest.mark.browser, pytest.mark.slow]
BAD = "<img src=x onerror=alert(1)>"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    return tmp_path / "datasets"


def make_zip(path: Path, count: int, side: int) -> Path:
    """A zip of red and of blue images, and of more unreadable files than a page shows without scrolling."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(path, "w") as archive:
        for name, channel in ((BAD, 0), ("blue [x](y)", 2)):
            for number in range(count):
                pixels = np.zeros((side, side, 3), np.uint8)
                pixels[..., channel] = random.integers(100, 256, (side, side))
                with archive.open(f"top/{name}/{number}.png", "w") as file:
                    Image.fromarray(pixels).save(file, "PNG")
        for number in range(9):
            archive.writestr(f"top/blue [x](y)/broken-{number}.png", b"no image")
    return path


def test_a_zip_is_uploaded_checked_saved_shown_and_deleted(
    home: Path, tmp_path: Path, serve: Serve, browse: Browse
) -> None:
    url = f"{serve(tmp_path / 'saved_models')}/Data"
    stop_reading(browse(url), tmp_path)
    assert not home.exists()
    opened = browse(url, width=390, scheme="dark")
    opened.get_by_test_id("stFileUploader").locator('input[type="file"]').set_input_files(
        make_zip(tmp_path / "my *photos*.zip", 20, 16)
    )
    opened.get_by_role("button", name="Check").click()
    appears(opened.get_by_text("9 files cannot be read"))
    assert not home.exists()
    bad = opened.get_by_test_id("stCode")
    expect(bad).to_contain_text("blue [x](y)/broken-0.png")
    assert bad.locator("code").evaluate("code => code.scrollWidth <= code.clientWidth")
    looked_at(opened, "Data-report-dark-390")

    opened.get_by_label("Name", exact=True).fill("My **pets**")
    opened.get_by_role("button", name="Save", exact=True).click()
    appears(opened.get_by_text("My **pets**", exact=True))
    settle(opened)
    assert "data_name=my-pets" in opened.url
    images = opened.get_by_test_id("stImage").first.locator("img")
    expect(images).to_have_count(24)
    alt = [image.get_attribute("alt") or "" for image in images.all()]
    assert {text.partition(": ")[2] for text in alt} == {BAD, "blue [x](y)"}
    expect(opened.get_by_text(BAD, exact=True).first).to_be_visible()
    expect(opened.get_by_text("blue [x](y)", exact=True).first).to_be_visible()
    assert opened.locator("img[onerror]").count() == 0
    fits(opened)
    assert [len(part) for part in data.load("my-pets").parts.values()] == [28, 6, 6]
    picture(opened, "Data-saved-dark-390")
    wide = browse(opened.url)
    appears(wide.get_by_text("My **pets**", exact=True))
    picture(wide, "Data-saved-light-1280")

    wide.get_by_role("button", name="Delete").click()
    wide.get_by_role("button", name="Delete my-pets").click()
    expect(wide.get_by_text("My **pets**", exact=True)).to_have_count(0)
    assert data.names() == list(data.DATA)


def test_what_is_no_folder_per_class_is_asked_about(home: Path, tmp_path: Path, serve: Serve, browse: Browse) -> None:
    random = np.random.default_rng(0)

    def photograph(path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (24, 24, 3), np.uint8)).save(path)

    for number in range(8):
        photograph(tmp_path / f"table/train/{number}.png")
        photograph(tmp_path / f"names/{('cat', 'dog')[number % 2]} ({number}).png")
        photograph(tmp_path / f"boxes/images/train/{number}.png")
        photograph(tmp_path / f"inner/{('color', 'gray')[number // 4]}/{('cat', 'dog')[number % 2]}/{number}.png")
        (tmp_path / "boxes/labels/train").mkdir(parents=True, exist_ok=True)
        (tmp_path / f"boxes/labels/train/{number}.txt").write_text(f"{number % 2} 0.5 0.5 0.5 0.5\n")
    rows = "".join(f"{number};{('Bär', 'Maus')[number % 2]};{number // 4}\n" for number in range(8))
    (tmp_path / "table/labels.csv").write_bytes(f"Datei;Art;Tag\n{rows}".encode("cp1252"))
    (tmp_path / "boxes/classes.txt").write_text("cat\ndog\n")
    url = f"{serve(tmp_path / 'saved_models')}/Data"
    opened = browse(url, width=390, scheme="dark")
    opened.get_by_text("Folder or zip on this computer").click()
    settle(opened)
    for name, shown in (
        ("boxes", "2 classes, each box of YOLO cut out"),
        ("inner", "2 classes, no parts given"),
        ("names", "2 classes, the class in the file name"),
        ("table", "2 classes, labels in labels.csv (files from Datei, classes from Art)"),
    ):
        opened.get_by_label("Path", exact=True).fill(str(tmp_path / name))
        opened.get_by_label("Path", exact=True).press("Enter")
        opened.get_by_role("button", name="Check").click()
        appears(opened.get_by_text(f"Read as: {shown}"))
        appears(opened.get_by_text("Save if you mean the classes below"))
    fits(opened)
    picture(opened, "Data-table-dark-390")
    choose(opened, "Read as", "labels in labels.csv, classes from Tag: 0, 1")
    appears(opened.get_by_text("classes from Tag)"))
    opened.get_by_label("Name", exact=True).fill("By day")
    opened.get_by_role("button", name="Save", exact=True).click()
    appears(opened.get_by_text("By day", exact=True))
    assert data.load("by-day").class_names == ("0", "1")


def stop_reading(opened: Page, folder: Path) -> None:
    """Start to read a zip that takes long, and press Stop."""
    Image.new("L", (4000, 4000)).save(folder / "large.jpg")
    with zipfile.ZipFile(folder / "large.zip", "w") as archive:
        for number in range(200):
            archive.write(folder / "large.jpg", f"{number % 2}/{number}.jpg")
    opened.get_by_text("Folder or zip on this computer").click()
    opened.get_by_label("Path", exact=True).fill(str(folder / "large.zip"))
    opened.get_by_label("Path", exact=True).press("Enter")
    opened.get_by_role("button", name="Check").click()
    stop_button(opened).click()
    appears(opened.get_by_text("Stopped."))
    expect(stop_button(opened)).to_have_count(0)
    settle(opened)
