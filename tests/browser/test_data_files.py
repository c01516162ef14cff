"""What the Data page asks about files, in Chromium: the encoding of names, pages of TIFF files, and odd pictures."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page

from tests.browser.conftest import Browse, Serve, appears, choose, looked_at, settle
from tests.data.custom.test_zip_names import zipped
from tfpool import data

pytestmark = pytest.mark.browser


def check(opened: Page, path: Path) -> None:
    opened.get_by_label("Path", exact=True).fill(str(path))
    opened.get_by_label("Path", exact=True).press("Enter")
    opened.get_by_role("button", name="Check").click()
    appears(opened.get_by_text("Read as:"))
    settle(opened)


def test_encoding_pages_and_odd_pictures_are_asked_about_and_shown(
    tmp_path: Path, serve: Serve, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TFPOOL_DATASETS", str(tmp_path / "datasets"))
    random = np.random.default_rng(0)
    for kind in ("cat", "dog"):
        (tmp_path / "x" / kind).mkdir(parents=True)
        for number in range(4):
            first, *others = [Image.fromarray(random.integers(0, 256, (24, 24, 3), np.uint8)) for _ in range(3)]
            first.save(tmp_path / "x" / kind / f"{number}.tif", save_all=True, append_images=others)
    Image.new("RGB", (24, 24), "navy").save(tmp_path / "x/cat/a **blank** page with a long name.png")
    (tmp_path / "x.zip").write_bytes(zipped({"яблоко".encode("cp866"): 4, "груша".encode("cp866"): 4}).getvalue())
    opened = browse(f"{serve(tmp_path / 'saved_models')}/Data", width=390, scheme="dark")
    opened.get_by_text("Folder or zip on this computer").click()
    settle(opened)

    check(opened, tmp_path / "x")
    appears(opened.get_by_text("TIFF files of several pages"))
    blank = opened.get_by_alt_text("cat/a **blank** page with a long name.png, of one color")
    appears(blank)
    opened.get_by_role("textbox", name="Page of TIFF files").fill("all")
    opened.get_by_role("textbox", name="Page of TIFF files").press("Enter")
    appears(opened.get_by_text("each read as an image: 24"))
    looked_at(opened, "Data-pages-dark-390")

    check(opened, tmp_path / "x.zip")
    appears(opened.get_by_text("a guess that may be wrong: груша, яблоко"))
    choose(opened, "Names in the zip", "Јаги, пЎ«®Є® – Cyrillic, Windows")
    appears(opened.get_by_text("as chosen"))
    choose(opened, "Names in the zip", "груша, яблоко – Cyrillic, DOS")
    appears(opened.get_by_text("a guess that may be wrong"))
    opened.get_by_label("Name", exact=True).fill("Fruit")
    opened.get_by_role("button", name="Save", exact=True).click()
    appears(opened.get_by_text("Fruit", exact=True))
    assert data.load("fruit").class_names == ("груша", "яблоко")
