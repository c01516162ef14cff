"""What tests of pages share: stores that a page opens on."""

from pathlib import Path

import pytest


@pytest.fixture
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    return tmp_path / "saved_models"


@pytest.fixture
def filled(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("TFPOOL_STORE", str(trained))
    return trained
