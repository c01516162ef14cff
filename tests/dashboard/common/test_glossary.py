"""Technical terms: each has one meaning, which is on every page that uses the term."""

import json
import re
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


def texts(message: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """Every text in what is sent to a browser, with the field that it is in."""
    if isinstance(message, dict):
        for key, value in message.items():
            yield from texts(value, key)
    elif isinstance(message, list):
        for value in message:
            yield from texts(value, name)
    elif isinstance(message, str):
        # The settings of a table's columns, and charts, are JSON within.
        if message.startswith("{") and name in ("columns", "spec"):
            yield from texts(json.loads(message))
        else:
            yield name, message


def page_texts(app: AppTest) -> list[tuple[str, str]]:
    return texts_of(app.main)


def texts_of(block: Any) -> list[tuple[str, str]]:
    """All texts in a block, with their fields."""
    columns = [("columns", " ".join(map(str, table.value.columns))) for table in block.dataframe]
    return columns + [text for element in block if element.proto for text in texts(MessageToDict(element.proto))]


@pytest.mark.parametrize(
    ("page", "address", "words"),
    [
        ("Home", {}, {"parameters"}),
        ("Build", {}, {"head", "MACs", "parameters"}),
        ("Parameters", {}, {"backbone", "head", "MACs", "parameters"}),
        ("Train", {}, {"epoch", "loss", "seed", "validation"}),
        ("Runs", {"runs_columns": "true"}, {"epoch", "loss", "seed", "validation", "overfitting", "interval", "MACs"}),
        ("CAM", {"cam_judge": "true", "cam_models": "example-gap"}, {"insertion", "deletion"}),
    ],
)
def test_a_word_that_a_page_says_is_explained_on_it(page: str, address: dict[str, str], words: set[str]) -> None:
    shown = page_texts(opened(page, **address))
    assert words <= set(used("\n".join(text for name, text in shown if name not in EXPLAINING)))
    assert not missing(words, shown)


def test_every_term_on_the_card_of_a_claim_is_explained_in_it() -> None:
    app = opened("Claims", **{f"claims_{name}": "true" for name in CLAIMS})
    cards = [card for card in app.expander if re.match(r"\d+\. ", card.label)]
    assert len(cards) == len(CLAIMS)
    for card in cards:
        shown = texts_of(card)
        terms = used("\n".join(text for field, text in shown if field not in EXPLAINING))
        assert len(terms) > 2, card.label
        assert not missing(terms, shown), card.label


def missing(words: Any, shown: list[tuple[str, str]]) -> list[str]:
    """Words whose meaning is nowhere; its first letter may be a capital."""
    everything = "\n".join(text for _, text in shown)
    return [word for word in words if MEANINGS[word][1:] not in everything]


def test_words_are_found_as_they_are_written() -> None:
    assert used("GAP has fewer parameters") == ["parameters"]
    assert used("Flatten overfits") == used("Overfitting grows") == ["overfitting"]
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
