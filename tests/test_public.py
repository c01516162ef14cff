"""What holds for every public name: it can be had, and its docstring tells what a user has to know."""

import inspect
import re

import pytest

import tfpool as tp
from tfpool.models import pretrained
from tfpool.networks.heads import HEADS

CALLS = {name: getattr(tp, name) for name in tp.__all__ if name != "metrics"} | {
    **{name: getattr(tp.metrics, name) for name in tp.metrics.__all__},
    "load_weights": pretrained.load_weights,
    "class_names": pretrained.class_names,
}


@pytest.mark.parametrize("name", CALLS)
def test_a_docstring_tells_arguments_and_errors(name: str) -> None:
    call = CALLS[name]
    told = inspect.getdoc(call)
    assert told
    assert told.splitlines()[0].endswith((".", ":"))
    # Made by tfpool, not by users: it has attributes.
    if name in ("Explanation", "Curves"):
        assert "Attributes:" in told
        return
    given = [each for each in inspect.signature(call).parameters if each not in ("args", "kwargs")]
    if given and name != "runs":
        arguments = told.partition("Args:\n")[2].partition("\n\n")[0]
        named = {each for line in re.findall(r"^    ([\w, ]+):", arguments, re.MULTILINE) for each in line.split(", ")}
        assert set(given) <= named
    if given:
        assert "Raises:\n    ValueError: " in told


@pytest.mark.parametrize("name", HEADS)
def test_a_heads_docstring_tells_its_parameters_and_its_source(name: str) -> None:
    told = inspect.getdoc(HEADS[name]) or ""
    assert "parameters" in told or name == "fc"
    assert "Source: " in told
