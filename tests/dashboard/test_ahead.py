"""The script that the first page has the browser load for the others."""

import json
from pathlib import Path

import pytest

from dashboard import ahead

from .test_pages import opened


def asked() -> list[str]:
    found = [each.proto for each in opened("Home").get("bidi_component")]
    return [json.loads(each.json)["script"] for each in found if each.component_name == "tfpool_ahead"]


def test_it_is_there() -> None:
    (name,) = asked()
    assert (ahead.FILES / name).stat().st_size > 1_000_000


def test_without_it_the_page_stands_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(ahead, "FILES", tmp_path)
    ahead.plotly.cache_clear()
    assert asked() == []
    ahead.plotly.cache_clear()
