"""A result is one small file that says how it was made."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from tests.helpers.crafted_records import HOLDS_NOT, MAKERS, finding
from tfpool.lab import CLAIMS, find
from tfpool.lab import finding as findings
from tfpool.lab.finding import Finding


@pytest.mark.parametrize("name", CLAIMS)
def test_a_finding_comes_back_from_its_file(name: str, tmp_path: Path) -> None:
    original = finding(name)
    path = findings.write(original, tmp_path)
    assert path == tmp_path / f"{name}-full.json"
    back = findings.read(path)
    # Tuples are lists in a file.
    assert json.loads(json.dumps(back.record())) == json.loads(json.dumps(original.record()))
    assert findings.write(back, tmp_path).read_bytes() == path.read_bytes()
    assert find(name).judge(back.records) == original.judgement
    assert list(map(str, back.judgement.effects)) == list(map(str, original.judgement.effects))


def test_the_file_has_one_measurement_per_line(tmp_path: Path) -> None:
    original = finding("nin")
    lines = findings.write(original, tmp_path).read_text().splitlines()
    assert [json.loads(line.rstrip(",")) for line in lines if '"seed":' in line] == original.records


def test_a_finding_without_measurements_is_a_file_all_the_same(tmp_path: Path) -> None:
    full = finding("nin")
    empty = Finding("nin", "full", full.judgement, [], full.fixed, full.provenance)
    assert findings.read(findings.write(empty, tmp_path)).records == []


def test_a_newer_finding_takes_the_place_of_the_older(tmp_path: Path) -> None:
    findings.write(finding("nin"), tmp_path)
    findings.write(finding("nin", HOLDS_NOT), tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["nin-full.json"]
    assert findings.read(tmp_path / "nin-full.json").judgement.verdict == HOLDS_NOT


def test_one_that_cannot_be_written_leaves_the_older_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = findings.write(finding("nin"), tmp_path).read_bytes()

    def half(path: Path, text: str) -> int:
        with path.open("w") as file:
            file.write(text[: len(text) // 2])
        raise OSError("No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(Path, "write_text", half)
        with pytest.raises(OSError, match="space"):
            findings.write(finding("nin", HOLDS_NOT), tmp_path)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"nin-full.json": before}


def damaged(text: str) -> dict[str, bytes]:
    whole = json.loads(text)
    return {
        "cut": text[: len(text) // 2].encode(),
        "empty": b"",
        "no text": b"\xff\xfe\x00\x01",
        "a list": b"[]",
        "a word": b'"nin"',
        "nothing": b"null",
        "no verdict": json.dumps({name: each for name, each in whole.items() if name != "verdict"}).encode(),
        "no records": json.dumps({name: each for name, each in whole.items() if name != "records"}).encode(),
        "another effect": json.dumps({**whole, "effects": [{"title": "?"}]}).encode(),
        "a number of figures": json.dumps({**whole, "figures": 2}).encode(),
    }


@pytest.mark.parametrize("how", damaged('{"verdict": 1, "records": []}'))
def test_a_damaged_file_is_refused(how: str, tmp_path: Path) -> None:
    path = findings.write(finding("nin"), tmp_path)
    path.write_bytes(damaged(path.read_text())[how])
    with pytest.raises(ValueError, match=re.escape(str(path))):
        findings.read(path)


def test_a_folder_in_the_place_of_a_file_is_one_too(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="read"):
        findings.read(tmp_path)


def test_a_missing_file_says_how_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="lab NAME"):
        findings.read(tmp_path / "nin-full.json")


def test_ones_own_findings_come_with_the_full_scale_first(tmp_path: Path) -> None:
    assert findings.own(tmp_path, "nin") == ([], "")
    for scale in ("quick", "full"):
        findings.write(finding("nin", scale=scale), tmp_path / findings.FOLDER)
    own, message = findings.own(tmp_path, "nin")
    assert ([each.scale for each in own], message) == (["full", "quick"], "")
    assert findings.own(tmp_path, "position") == ([], "")


def test_a_damaged_finding_does_not_hide_the_other_one(tmp_path: Path) -> None:
    for scale in ("quick", "full"):
        findings.write(finding("nin", scale=scale), tmp_path / findings.FOLDER)
    (tmp_path / findings.FOLDER / "nin-quick.json").write_text("{")
    own, message = findings.own(tmp_path, "nin")
    assert [each.scale for each in own] == ["full"]
    assert "nin-quick.json" in message


def test_seeds_are_those_that_were_measured() -> None:
    assert finding("nin").seeds == [0, 1, 2, 3, 4]
    assert finding("parameters").seeds == []


def test_a_new_finding_has_its_provenance() -> None:
    claim = find("nin")
    created = findings.create(claim, "quick", MAKERS["nin"](HOLDS_NOT), 12.4)
    assert created.provenance["command"] == "python -m tfpool lab nin --quick"
    assert created.provenance["seconds"] == 12
    assert abs(date.fromisoformat(created.provenance["date"]) - datetime.now(UTC).date()) <= timedelta(days=1)
    assert all(re.match(r"\d+\.\d+", created.provenance[name]) for name in ("python", "tensorflow", "keras", "numpy"))
    assert "cores" in created.provenance["machine"]
    assert created.fixed == claim.fixed
    assert (created.claim, created.scale, created.judgement.verdict) == ("nin", "quick", HOLDS_NOT)


@pytest.mark.parametrize("name", CLAIMS)
def test_what_is_shipped_can_be_read_or_is_not_there(name: str) -> None:
    shipped = findings.shipped(name)
    assert shipped is None or (shipped.claim, shipped.scale) == (name, "full")


def test_a_notebook_shows_verdict_and_table() -> None:
    made = finding("nin")
    shown = made._repr_html_()
    assert made.judgement.verdict in shown
    assert shown.count("<tr>") == 1 + len(made.judgement.rows)
