import re
from dataclasses import replace
from pathlib import Path

import pytest

import tfpool as tp
from tfpool.tracking.run_table import Runs


def cells(shown: str) -> list[str]:
    return re.findall(r"<td[^>]*>([^<]*)</td>", shown)


@pytest.mark.slow
def test_a_notebook_shows_one_row_per_run(trained: Path) -> None:
    runs = tp.runs(trained)
    shown = cells(runs._repr_html_())
    width = len(shown) // len(runs)
    assert shown[::width] == [run.id for run in runs]
    for run, params in zip(runs, shown[3::width], strict=True):
        assert params == f"{run.plan.params:,}"


@pytest.mark.slow
def test_runs_of_unknown_networks_are_named_below_the_table(trained: Path) -> None:
    runs = tp.runs(trained)
    spec = {**runs[0].spec, "plan": {**runs[0].spec["plan"], "network": "of another branch"}}
    shown = Runs([replace(runs[0], id="strange-1", spec=spec), runs[1]])._repr_html_()
    assert cells(shown)[0] == runs[1].id
    assert "strange-1" in shown.rpartition("</table>")[2]


def test_a_store_without_runs_says_so(tmp_path: Path) -> None:
    assert "No runs" in tp.runs(tmp_path)._repr_html_()
