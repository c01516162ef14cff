"""`python -m tfpool lab`: what it prints, where it goes on, and how it ends."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.crafted_records import IN_PART, finding
from tfpool.cli.parser import main
from tfpool.lab import CLAIMS, Finding, run_claim
from tfpool.lab import finding as findings
from tfpool.lab.laboratory import Halted

Conduct = Callable[..., Finding]


@pytest.fixture
def conducted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Conduct], list[tuple[str, str]]]:
    """Put another way to run a claim in place, and say which were run."""

    def put(conduct: Conduct) -> list[tuple[str, str]]:
        asked: list[tuple[str, str]] = []

        def instead(name: str, scale: str, *others: object) -> Finding:
            asked.append((name, scale))
            return conduct(name, scale)

        monkeypatch.setattr(run_claim, "conduct", instead)
        return asked

    return put


def lab(*words: str, store: Path) -> int:
    return main(["lab", *words, "--store", str(store)])


def crafted(name: str, scale: str) -> Finding:
    return finding(name, scale=scale)


def test_the_list_has_each_claim_with_both_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings.write(finding("nin", IN_PART, "quick"), tmp_path / findings.FOLDER)
    assert lab("--json", store=tmp_path) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["claim"] for each in told] == list(CLAIMS)
    shipped = findings.shipped("nin")
    assert shipped
    assert (told[-1]["shipped"], told[-1]["own"]) == (shipped.judgement.verdict, IN_PART)
    assert lab(store=tmp_path) == 0
    assert all(name in capsys.readouterr().out for name in ("nin",))


def test_a_damaged_finding_is_named_and_the_rest_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = findings.write(finding("nin", scale="quick"), tmp_path / findings.FOLDER)
    path.write_text("{")
    assert lab("--json", store=tmp_path) == 0
    told = capsys.readouterr()
    assert len(json.loads(told.out)) == len(CLAIMS)
    assert told.err == f"tfpool: The finding {path} cannot be read. Delete it and run the claim again.\n"


def test_a_claim_ends_with_its_table_its_figure_and_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab("parameters", "--quick", store=tmp_path) == 0
    told = capsys.readouterr().out
    assert told.startswith("1. GAP needs far fewer parameters\n")
    assert "25,088,000" in told
    figure = tmp_path / findings.FOLDER / "parameters-quick.svg"
    assert f"Figure: {figure}" in told
    assert figure.read_text().lstrip().startswith("<?xml")
    assert "GAP's head needs less than a tenth of Flatten's on all 5 networks: yes" in told
    assert "Verdict: holds. Over 5 networks" in told


def test_it_is_told_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab("parameters", "--json", store=tmp_path) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["claim"], told["scale"], told["verdict"]) == ("parameters", "quick", "holds")


def test_effects_are_printed_with_what_they_answer(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], conducted: Callable[[Conduct], list[tuple[str, str]]]
) -> None:
    conducted(crafted)
    assert lab("overfitting", store=tmp_path) == 0
    told = capsys.readouterr().out
    effect = finding("overfitting").judgement.effects[0]
    assert effect.answer == "yes"
    assert any(effect.name in line and str(effect) in line and line.endswith("yes") for line in told.splitlines())


def test_all_of_them_are_run_at_the_scale_that_is_asked_for(
    tmp_path: Path, conducted: Callable[[Conduct], list[tuple[str, str]]]
) -> None:
    asked = conducted(crafted)
    assert lab("--all", "--full", store=tmp_path) == 0
    assert asked == [(name, "full") for name in CLAIMS]


@pytest.mark.parametrize(
    "error", [RuntimeError("Run x failed."), Halted("Run x was stopped."), OSError(28, "No space"), ValueError("Busy.")]
)
def test_one_that_fails_does_not_end_the_others(
    error: Exception,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    conducted: Callable[[Conduct], list[tuple[str, str]]],
) -> None:
    def conduct(name: str, scale: str) -> Finding:
        if name == "overfitting":
            raise error
        return crafted(name, scale)

    asked = conducted(conduct)
    assert lab("--all", store=tmp_path) == 1
    assert [name for name, _ in asked] == list(CLAIMS)
    assert capsys.readouterr().err.endswith("tfpool: 1 of 12 came to no finding: overfitting\n")


@pytest.mark.parametrize("error", [RuntimeError("Run x failed."), OSError(28, "No space left on device")])
def test_one_alone_that_fails_is_a_sentence(
    error: Exception,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    conducted: Callable[[Conduct], list[tuple[str, str]]],
) -> None:
    def conduct(name: str, scale: str) -> Finding:
        raise error

    conducted(conduct)
    assert lab("nin", store=tmp_path) == 1
    assert capsys.readouterr().err.endswith(f"tfpool: nin: {error}\n")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--full"], "Which claim? Name one of them, or say --all. They are: parameters, "),
        (["nine"], "There is no claim 'nine'. Use one of: parameters, "),
        (["nin", "--all"], "--all takes every claim. Leave out either --all or nin."),
    ],
)
def test_bad_input_is_one_sentence(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab(*words, store=tmp_path) == 2
    assert said in capsys.readouterr().err
