"""`python -m tfpool lab`: what it prints, whether it continues after an error, and its exit code."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.crafted_records import IN_PART, finding
from tfpool.cli.parser import main
from tfpool.lab import CLAIMS, Finding, matplotlib_figures, run_claim
from tfpool.lab import finding as findings
from tfpool.lab.laboratory import Halted

Conduct = Callable[..., Finding]


@pytest.fixture
def conducted(monkeypatch: pytest.MonkeyPatch) -> Callable[[Conduct], list[tuple[str, str]]]:
    """Replace how a claim is run, and record which are."""

    def put(conduct: Conduct) -> list[tuple[str, str]]:
        requested: list[tuple[str, str]] = []

        def record(name: str, scale: str, *others: object, **settings: object) -> Finding:
            requested.append((name, scale))
            return conduct(name, scale)

        monkeypatch.setattr(run_claim, "conduct", record)
        monkeypatch.setattr(matplotlib_figures, "draw", lambda figures, path: path)
        return requested

    return put


def lab(*words: str, store: Path) -> int:
    return main(["lab", *words, "--store", str(store)])


def crafted(name: str, scale: str) -> Finding:
    return finding(name, scale=scale)


def test_the_list_has_each_claim_with_both_verdicts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    findings.write(finding("nin", IN_PART, "quick"), tmp_path / findings.FOLDER)
    assert lab("--json", store=tmp_path) == 0
    records = json.loads(capsys.readouterr().out)
    assert [record["claim"] for record in records] == list(CLAIMS)
    shipped = findings.shipped("nin")
    assert shipped
    assert (records[-1]["shipped"], records[-1]["own"]) == (shipped.judgement.verdict, IN_PART)
    assert lab(store=tmp_path) == 0
    assert "nin" in capsys.readouterr().out


def test_a_damaged_finding_is_named_and_the_rest_is_listed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = findings.write(finding("nin", scale="quick"), tmp_path / findings.FOLDER)
    path.write_text("{")
    assert lab("--json", store=tmp_path) == 0
    printed = capsys.readouterr()
    assert len(json.loads(printed.out)) == len(CLAIMS)
    assert str(path) in printed.err


def test_a_claim_ends_with_its_table_its_figure_and_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert lab("parameters", "--quick", store=tmp_path) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("1. GAP needs far fewer parameters\n")
    assert "25,088,000" in printed
    figure = tmp_path / findings.FOLDER / "parameters-quick.svg"
    assert str(figure) in printed
    assert figure.read_text().lstrip().startswith("<?xml")
    assert "Verdict: holds." in printed


def test_a_finding_is_printed_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab("parameters", "--json", store=tmp_path) == 0
    records = json.loads(capsys.readouterr().out)
    assert (records["claim"], records["scale"], records["verdict"]) == ("parameters", "quick", "holds")


def test_effects_are_printed_with_their_answers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], conducted: Callable[[Conduct], list[tuple[str, str]]]
) -> None:
    conducted(crafted)
    assert lab("overfitting", store=tmp_path) == 0
    printed = capsys.readouterr().out
    effect = finding("overfitting").judgement.effects[0]
    assert effect.answer == "yes"
    assert any(effect.name in line and str(effect) in line and line.endswith("yes") for line in printed.splitlines())


def test_all_claims_are_run_at_the_scale_of_the_option(
    tmp_path: Path, conducted: Callable[[Conduct], list[tuple[str, str]]]
) -> None:
    requested = conducted(crafted)
    assert lab("--all", "--full", store=tmp_path) == 0
    assert requested == [(name, "full") for name in CLAIMS]


@pytest.mark.parametrize(
    "error", [RuntimeError("Run x failed."), Halted("Run x was stopped."), OSError(28, "No space"), ValueError("Busy.")]
)
def test_a_claim_that_fails_does_not_end_the_others(
    error: Exception,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    conducted: Callable[[Conduct], list[tuple[str, str]]],
) -> None:
    def conduct(name: str, scale: str) -> Finding:
        if name == "overfitting":
            raise error
        return crafted(name, scale)

    requested = conducted(conduct)
    assert lab("--all", store=tmp_path) == 1
    assert [name for name, _ in requested] == list(CLAIMS)
    assert capsys.readouterr().err.endswith("overfitting\n")


@pytest.mark.parametrize("error", [RuntimeError("Run x failed."), OSError(28, "No space left on device")])
def test_a_single_claim_that_fails_is_one_line(
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
    ("words", "named"),
    [
        (["--full"], "parameters, "),
        (["nine"], "'nine'"),
        (["nin", "--all"], "--all"),
    ],
)
def test_bad_input_is_named(words: list[str], named: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert lab(*words, store=tmp_path) == 2
    assert named in capsys.readouterr().err
