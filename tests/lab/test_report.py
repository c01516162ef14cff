"""The page of findings says what the result files say, and those say what their measurements come to."""

import importlib.util
import re
import types
from dataclasses import replace
from pathlib import Path

import pytest

from tests.helpers.crafted_records import HOLDS, HOLDS_NOT, OPEN, finding
from tests.helpers.pictures import words
from tests.helpers.processes import ROOT
from tfpool.lab import CLAIMS, Finding, find
from tfpool.lab import finding as findings
from tfpool.lab.matplotlib_figures import draw
from tfpool.lab.report import FIGURES, page, short_answer
from tfpool.networks.heads import HEADS

SHIPPED = {name: each for name in CLAIMS if (each := findings.shipped(name))}
AGAIN = "run python scripts/make_findings.py"


def loaded(path: str) -> types.ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, ROOT / path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


SCRIPT = loaded("scripts/make_findings.py")


@pytest.fixture(scope="module")
def made_up() -> dict[str, Finding]:
    """Findings of all claims but two."""
    verdicts = {"nin": OPEN, "position": HOLDS_NOT}
    return {name: finding(name, verdicts.get(name, HOLDS)) for name in CLAIMS if name not in ("cost", "dilation")}


def test_each_number_on_the_page_is_the_one_in_the_result_file() -> None:
    assert SCRIPT.PAGE.read_text() == page(SHIPPED), AGAIN


def test_each_figure_is_of_the_result_file_and_there_is_no_other(tmp_path: Path) -> None:
    folder = SCRIPT.PAGE.parent / FIGURES
    assert {path.stem for path in folder.glob("*")} == set(SHIPPED), AGAIN
    for name, each in SHIPPED.items():
        # What it says: how letters are set may differ by machine.
        drawn = draw(each.judgement.figures, tmp_path / f"{name}.svg")
        assert words(drawn) == words(folder / f"{name}.svg"), AGAIN


@pytest.mark.parametrize("name", SHIPPED)
def test_a_verdict_that_ships_follows_from_the_measurements_that_ship(name: str) -> None:
    shipped, judged = SHIPPED[name].judgement, find(name).judge(SHIPPED[name].records)
    assert (shipped.verdict, shipped.headline) == (judged.verdict, judged.headline), AGAIN
    assert [list(row) for row in shipped.rows] == [list(row) for row in judged.rows], AGAIN
    assert list(shipped.columns) == list(judged.columns)
    assert [(each.name, str(each)) for each in shipped.effects] == [(each.name, str(each)) for each in judged.effects]
    for before, after in zip(shipped.effects, judged.effects, strict=True):
        assert (before.value, before.low, before.high) == pytest.approx((after.value, after.low, after.high))


@pytest.mark.parametrize("name", SHIPPED)
def test_a_finding_that_ships_was_made_under_the_text_of_its_claim(name: str) -> None:
    assert SHIPPED[name].fixed == find(name).fixed, f"run python -m tfpool lab {name} --full, then make_findings.py"


@pytest.mark.parametrize("name", SHIPPED)
def test_a_finding_that_ships_has_all_seeds_of_the_full_scale(name: str) -> None:
    assert SHIPPED[name].scale == "full"
    assert SHIPPED[name].seeds == list(range(find(name).scales["full"].seeds))


def test_the_page_has_a_section_a_claim_with_its_whole_text(made_up: dict[str, Finding]) -> None:
    text = page(made_up)
    for name in CLAIMS:
        claim = find(name)
        section = text.partition(f"## {claim.number}. {claim.title}\n")[2].partition("\n## ")[0]
        # Papers are links there.
        plain = re.sub(r"\[(arXiv [\d.]+)\]\([^)]*\)", r"\1", section)
        assert all(said in plain for said in claim.sections.values())
        assert ("No finding yet" in section) == (name not in made_up)


def test_a_section_has_all_that_its_finding_has(made_up: dict[str, Finding]) -> None:
    text = page(made_up)
    for name, each in made_up.items():
        judged = each.judgement
        assert judged.headline in text
        assert f"]({FIGURES}/{name}.svg)" in text
        assert all(
            f"| {effect.name} | {effect} | {effect.count} | {effect.answer or '–'} |" in text
            for effect in judged.effects
        )
        assert all(" | ".join(row) in text for row in judged.rows)
        assert f"`python -m tfpool lab {name} --full` on 2026-01-02, 3 seconds" in text
        assert f"All {len(each.records)} measurements: [{name}-full.json]" in text
    assert "is not decided here.** Compared with GAP + Dense, NIN's" in text
    assert "does not hold.** GAP tells" in text
    assert "0, 1, 2, 3, 4; TensorFlow 2.21.0, Keras 3.15.0" in text


@pytest.mark.parametrize("some", [True, False])
def test_links_within_the_page_lead_to_headings(some: bool, made_up: dict[str, Finding]) -> None:
    text = page(made_up if some else {})
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    targets = re.findall(r"\(#([^)]*)\)", text)
    assert len(targets) == len(CLAIMS)
    assert set(targets) <= anchors


def test_tables_have_as_many_cells_as_columns_in_every_row(made_up: dict[str, Finding]) -> None:
    for table in re.findall(r"(?:^\|.*\n)+", page(made_up), re.MULTILINE):
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in table.splitlines()}) == 1, table


def test_the_short_answer_takes_its_numbers_from_findings(made_up: dict[str, Finding]) -> None:
    template = "It {nin.verdict}: {nin.effects[0]}, {position.effects[0].count:02d}, {cost.effects[1].value:.2f}.\n"
    text = short_answer(made_up, template)
    assert text == f"It not decided here: {made_up['nin'].judgement.effects[0]}, 05, not measured yet."
    assert "{" not in short_answer(made_up) + short_answer({})


def test_the_networks_that_the_short_answer_names_are_the_ends_of_the_range() -> None:
    effects = find("cost").judge(SHIPPED["cost"].records).named
    for kind, head, least, most in (
        ("latency", "Flatten", "vgg16", "resnet50"),
        ("memory", "Flatten", "vgg16", "resnet50"),
        ("latency", "FC", None, "alexnet"),
        ("memory", "FC", None, "resnet50"),
    ):
        start = f"{kind}: {head} / GAP, "
        ratios = {name.removeprefix(start): each.value for name, each in effects.items() if name.startswith(start)}
        assert len(ratios) == 3
        assert max(ratios, key=ratios.__getitem__) == most
        assert least in (None, min(ratios, key=ratios.__getitem__))


def test_the_short_answers_heads_are_explained_above_its_table() -> None:
    before, _, table = page(SHIPPED).partition("| goal | head |")
    meanings = before.splitlines()[-2]
    taken = [row.split(" | ")[1] for row in table.partition("\n\n")[0].splitlines()[2:]]
    named = {head.__name__ for head in HEADS.values() if re.search(rf"\b{head.__name__}\b", " ".join(taken))}
    assert {"GAP", "GMP", "Flatten", "FC", "NIN"} == named
    assert all(f"**{HEADS[name.lower()].__name__}**, {HEADS[name.lower()].meaning}" in meanings for name in named)
    assert "](networks.md#heads)" in meanings


def test_the_pages_table_of_intervals_is_what_the_simulation_prints() -> None:
    benchmark = loaded("benchmarks/intervals.py")
    coverage = benchmark.coverage(benchmark.VALUES, benchmark.DRAWS).values()
    for spread in ("normal", "exponential"):
        cells = " | ".join(f"{100 * method[spread]:.0f} %" for method in coverage)
        assert f"{spread} distribution | {cells} |" in page({})


def test_full_findings_of_a_store_are_shipped_as_they_are_judged_now(tmp_path: Path) -> None:
    original = finding("nin")
    older = replace(original, judgement=replace(original.judgement, headline="As it was told before."))
    findings.write(older, tmp_path / "store" / "lab")
    findings.write(finding("nin", scale="quick"), tmp_path / "store" / "lab")
    SCRIPT.ship(SCRIPT.full_findings(tmp_path / "store"), tmp_path / "shipped")
    assert [path.name for path in (tmp_path / "shipped").iterdir()] == ["nin-full.json"]
    shipped = findings.read(tmp_path / "shipped" / "nin-full.json")
    assert shipped.judgement.headline == original.judgement.headline
    assert (shipped.records, shipped.provenance) == (original.records, original.provenance)


def test_without_a_store_the_findings_that_ship_are_judged_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, text = tmp_path / "shipped", tmp_path / "docs" / "findings.md"
    monkeypatch.setattr(findings, "SHIPPED", folder)
    monkeypatch.setattr(SCRIPT, "PAGE", text)
    original = finding("nin")
    findings.write(replace(original, judgement=replace(original.judgement, headline="As it was told before.")), folder)
    assert SCRIPT.main([]) is None
    again = findings.read(folder / "nin-full.json")
    assert again.judgement.headline == original.judgement.headline
    assert (again.records, again.provenance, again.fixed) == (original.records, original.provenance, original.fixed)
    assert text.read_text() == page({"nin": again})
    under_another_text = replace(
        original, judgement=replace(original.judgement, headline="By another rule."), fixed="0" * 64
    )
    findings.write(under_another_text, folder)
    assert SCRIPT.main([]) is None
    assert findings.read(folder / "nin-full.json").judgement.headline == "By another rule."


def test_a_finding_made_under_another_text_is_refused(tmp_path: Path) -> None:
    findings.write(finding("position"), tmp_path / "lab")
    findings.write(replace(finding("nin"), fixed="0" * 64), tmp_path / "lab")
    with pytest.raises(ValueError, match="nin"):
        SCRIPT.full_findings(tmp_path)
    with pytest.raises(ValueError, match="nowhere"):
        SCRIPT.full_findings(tmp_path / "nowhere")


def test_the_page_is_written_with_a_figure_a_finding_and_no_older_one(tmp_path: Path) -> None:
    path = tmp_path / "docs" / "findings.md"
    SCRIPT.write({"nin": finding("nin"), "position": finding("position")}, path)
    SCRIPT.write({"nin": finding("nin")}, path)
    assert [each.name for each in (tmp_path / "docs" / FIGURES).iterdir()] == ["nin.svg"]
    assert path.read_text() == page({"nin": finding("nin")})
