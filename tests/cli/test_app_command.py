"""`tfpool app` starts the dashboard with the store of the current folder."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT
from tfpool.cli import parser


@pytest.mark.parametrize("variable", [None, "", "elsewhere"])
def test_the_dashboard_gets_the_store_that_commands_use(
    variable: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[Sequence[str], Mapping[str, str]]] = []

    def replace(program: str, command: Sequence[str], variables: Mapping[str, str]) -> None:
        started.append((command, variables))
        raise SystemExit(0)

    monkeypatch.setattr(os, "execve", replace)
    monkeypatch.chdir(tmp_path)
    if variable is None:
        monkeypatch.delenv("TFPOOL_STORE", raising=False)
    else:
        monkeypatch.setenv("TFPOOL_STORE", variable)
    with pytest.raises(SystemExit):
        parser.main(["app", "--port", "8599", "--", "--server.headless", "true"])
    ((command, variables),) = started
    assert command[1:] == [str(ROOT / "scripts/serve.py"), "--server.port", "8599", "--server.headless", "true"]
    assert variables["TFPOOL_STORE"] == str(tmp_path / (variable or "saved_models"))
