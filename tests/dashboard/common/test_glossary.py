"""Technical terms: each has one meaning, which is on every page that uses the term."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from dashboard.common.glossary import MEANINGS, meaning, used
from tests.helpers.crafted_records import finding
from tests.helpers.pages import opened
from tests.helpers.stored_runs import finished
from tfpool.lab import CLAIMS
from tfpool.lab import finding as findings
from tfpool.tracking.store import RunStore

EXPLAINING = ("help", "tooltip")
"""Fields of what Streamlit sends that a reader has to ask for."""


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunStore:
    """Two heads, each with two seeds, and a finding of each claim."""
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    monkeypatch.setattr(findings, "SHIPPED", tmp_path / "shipped")
    for name in CLAIMS:
        findings.write(finding(name, "holds"), tmp_path / "shipped")
    store = RunStore(tmp_path / "saved_models")
    for head in ("gap", "flatten"):
        for seed in range(2):
            finished(store, 0.7, head=head, seed=seed)
    return store


def texts(said: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in what is sent to a browser, with the field that it is in."""
    if isinstance(said, dict):
        for key, each in said.items():
            yield from texts(each, key)
    elif isinstance(said, list):
        for each in said:
            yield from texts(each, name)
    elif isinstance(said, str):
        # The settings of a table's columns, and charts, are JSON within.
        if said.startswith("{") and name in ("columns", "spec"):
            yield from texts(json.loads(said))
        else:
            yield name, said


def page_texts(app: AppTest) -> list[tuple[str, str]]:
    found = [("columns", " ".join(map(str, table.value.columns))) for table in app.dataframe]
    for element in app.main:
        found += texts(MessageToDict(element.proto)) if element.proto else ()
    return found


@pytest.mark.parametrize(
    ("page", "address", "words"),
    [
        ("Home", {}, {"Dense", "parameters"}),
        ("Build", {}, {"head", "MACs", "parameters"}),
        ("Parameters", {}, {"backbone", "head", "MACs", "parameters"}),
        ("Train", {}, {"epoch", "loss", "seed", "validation"}),
        ("Runs", {"runs_columns": "true"}, {"epoch", "loss", "seed", "validation", "overfitting", "interval", "MACs"}),
        ("CAM", {"cam_judge": "true", "cam_models": "example-gap"}, {"insertion", "deletion"}),
    ],
)
def test_a_word_that_a_page_says_is_explained_on_it(page: str, address: dict[str, str], words: set[str]) -> None:
    said = page_texts(opened(page, **address))
    shown = "\n".join(text for name, text in said if name not in EXPLAINING)
    assert words <= set(used(shown))
    assert not missing(words, said)


@pytest.mark.parametrize("name", CLAIMS)
def test_every_word_of_the_table_that_a_claims_card_says_is_explained_in_it(name: str) -> None:
    said = page_texts(opened("Claims", **{f"claims_{name}": "true"}))
    words = used("\n".join(text for field, text in said if field not in EXPLAINING))
    assert len(words) > 2
    assert not missing(words, said)


def missing(words: Any, said: list[tuple[str, str]]) -> list[str]:
    """Words whose meaning is nowhere; its first letter may be a capital."""
    everything = "\n".join(text for _, text in said)
    return [word for word in words if MEANINGS[word][1:] not in everything]


def test_words_are_found_as_they_are_written() -> None:
    assert used("GAP has fewer parameters") == ["parameters"]
    assert used("Flatten overfits") == used("The gap between them") == ["overfitting"]
    assert used("Dense layers, padded with zeros, of stride 2; seeds and losses. Insertion") == [
        "Dense",
        "padding",
        "stride",
        "seed",
        "loss",
        "insertion",
    ]
    assert used("an output stride of 4") == ["stride", "output stride"]
    assert used("seedling, lossless, MACHINE") == []


def test_a_meaning_is_a_sentence_and_several_are_lines() -> None:
    epoch, relu = MEANINGS["epoch"], MEANINGS["ReLU"]
    assert meaning("epoch") == f"{epoch[0].upper()}{epoch[1:]}"
    assert meaning("epoch", "ReLU") == f"**epoch**: {epoch}  \n**ReLU**: {relu}"
    assert not [word for word, text in MEANINGS.items() if text.endswith(".") or not text[0].islower()]
