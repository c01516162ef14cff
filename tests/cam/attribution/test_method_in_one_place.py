"""What a method is has one place: a row in `METHODS` is all that page, command line and documentation need."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

import tfpool as tp
from scripts import make_methods_table
from tests.helpers.processes import ROOT, modules_after
from tfpool.cam.attribution.method import Method
from tfpool.cam.attribution.methods import METHODS
from tfpool.cli.parser import parser

NEW = Method(
    "feature_gradients.hirescam", "Tells tea from coffee.", "Nobody 2026", cost="9 cups", unit="sugar per spoon"
)


def test_a_new_method_is_on_the_page_the_command_line_and_in_the_docs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(METHODS, "teacam", NEW)
    assert "teacam" in tp.methods()

    row = next(line for line in make_methods_table.table().splitlines() if "teacam" in line)
    assert row == "| `teacam` | Tells tea from coffee. | sugar per spoon | 9 cups | Nobody 2026 |"

    with pytest.raises(SystemExit, match="0"):
        parser().parse_args(["explain", "--help"])
    listed = " ".join(capsys.readouterr().out.split())
    assert "teacam: Tells tea from coffee. Unit: sugar per spoon. Cost per image: 9 cups." in listed

    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.query_params["cam_methods"] = "teacam"
    app.switch_page("pages/7_CAM.py").run()
    assert not app.exception
    chooser = app.multiselect(key="cam_methods")
    assert "teacam" in chooser.options
    assert "**teacam**: Tells tea from coffee. Unit: sugar per spoon." in chooser.help
    assert any(NEW.summary in caption.value for caption in app.caption)


def test_the_table_in_the_docs_is_the_generated_one() -> None:
    text = make_methods_table.PAGE.read_text()
    assert make_methods_table.page(text) == text, "run python scripts/make_methods_table.py"


def test_listing_methods_and_color_scales_loads_no_tensorflow() -> None:
    loaded = modules_after("import tfpool.cam.attribution.methods, tfpool.cam.figures.color_scales")
    assert not loaded & {"tensorflow", "keras", "numpy", "matplotlib"}
