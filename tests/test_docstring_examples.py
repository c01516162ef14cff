"""The examples in the docstrings of public names run, and print what they say."""

import doctest
from pathlib import Path

import pytest

import tfpool as tp
from tfpool import data

NAMES = [name for name in tp.__all__ if name not in ("metrics", "callbacks")] + [
    f"metrics.{name}" for name in tp.metrics.__all__
]
NAMES += [
    f"data.{name}" for name in data.__all__ if name not in ("DATA", "PARTS", "DataSet", "Facts", "Part", "Report")
]
# The base of GAP is `Head`.
NAMES += ["callbacks.ClassActivationMaps", "counting.register", "GAP.__base__.__call__"]
LONG = ("data.merge", "sweep")
"""Those that write 40,000 images or train several runs."""
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=[pytest.mark.exhaustive] * (name in LONG)) for name in NAMES]
)
def test_the_example_of_a_public_name_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    public = tp
    for part in name.split("."):
        public = getattr(public, part)
    tests = doctest.DocTestFinder(recurse=False).find(public, name, globs={})
    assert sum(len(test.examples) for test in tests) > 0
    runner = doctest.DocTestRunner(optionflags=OPTIONS)
    report: list[str] = []
    for test in tests:
        runner.run(test, out=report.append)
    assert not runner.failures, "".join(report)
