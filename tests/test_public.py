"""Every public name can be imported, and its docstring has what a user needs to know."""

import inspect
import re

import pytest

import tfpool as tp
from tfpool.models import pretrained
from tfpool.networks.heads import HEADS

CALLS = {name: getattr(tp, name) for name in tp.__all__ if name not in ("metrics", "callbacks")} | {
    **{name: getattr(tp.metrics, name) for name in tp.metrics.__all__},
    "callbacks.ClassActivationMaps": tp.callbacks.ClassActivationMaps,
    "counting.register": tp.counting.register,
    "load_weights": pretrained.load_weights,
    "class_names": pretrained.class_names,
}


@pytest.mark.parametrize("name", CALLS)
def test_a_docstring_has_arguments_and_errors(name: str) -> None:
    call = CALLS[name]
    text = inspect.getdoc(call)
    assert text
    assert text.splitlines()[0].endswith((".", ":"))
    # tfpool makes these, not users.
    if name in ("Explanation", "Curves"):
        assert "Attributes:" in text
        return
    parameters = {name for name in inspect.signature(call).parameters if name not in ("args", "kwargs")}
    if parameters and name != "runs":
        arguments = text.partition("Args:\n")[2].partition("\n\n")[0]
        lines = re.findall(r"^    ([\w, ]+):", arguments, re.MULTILINE)
        assert parameters <= {name for line in lines for name in line.split(", ")}
    if parameters:
        assert "Raises:\n    ValueError: " in text


@pytest.mark.parametrize("name", HEADS)
def test_a_heads_docstring_has_its_parameters_and_its_source(name: str) -> None:
    text = inspect.getdoc(HEADS[name]) or ""
    assert "parameters" in text or name == "fc"
    assert "Source: " in text
