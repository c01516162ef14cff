"""The Claims page in Streamlit's own test harness: verdicts, figures, what is missing or damaged, a run."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from dashboard.claims import charts as claim_charts
from dashboard.claims import jobs, overview
from dashboard.common.page import plain
from tests.helpers.crafted_records import finding
from tests.helpers.pages import opened, sound, words
from tests.helpers.processes import modules_after
from tfpool.lab import CLAIMS, VERDICTS, background_job, find
from tfpool.lab import finding as findings
from tfpool.lab.background_job import Job
from tfpool.lab.figure import Figure, Series, panels
from tfpool.lab.protocol import FOLDER
from tfpool.lab.statistics import Effect
from tfpool.networks.heads import HEADS


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store, and no finding shipped."""
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))
    monkeypatch.setattr(findings, "SHIPPED", tmp_path / "shipped")
    return tmp_path / "saved_models"


@pytest.fixture
def shipped(store: Path, tmp_path: Path) -> Path:
    """A finding of each claim, the verdicts by turns."""
    for number, name in enumerate(CLAIMS):
        findings.write(finding(name, VERDICTS[number % len(VERDICTS)]), tmp_path / "shipped")
    return tmp_path / "shipped"


def keep(store: Path, name: str, verdict: str = "holds", scale: str = "quick") -> None:
    findings.write(finding(name, verdict, scale), store / FOLDER)


def labels(app: AppTest) -> list[str]:
    """What the lines say that open a card, without the signs that keep markdown off."""
    return [each.label.replace("\\", "") for each in app.expander if each.label[0].isdigit()]


def said(app: AppTest) -> str:
    return words(app).replace("\\", "")


def charts(app: AppTest) -> list[dict]:
    """The figures in open cards."""
    return [json.loads(each.proto.spec) for each in figures(app)]


def figures(app: AppTest) -> list[Any]:
    return [each for each in app.get("plotly_chart") if "claims_picture" not in each.proto.id]


def picture(app: AppTest) -> Any:
    """The picture that the page opens with, if there is one."""
    return next((each for each in app.get("plotly_chart") if "claims_picture" in each.proto.id), None)


def claims(*names: str) -> AppTest:
    return opened("Claims", **{f"claims_{name}": "true" for name in names})


def test_all_claims_are_listed_with_their_verdicts_in_words_and_no_figure(shipped: Path) -> None:
    app = claims()
    assert len(labels(app)) == len(CLAIMS)
    for number, (name, label) in enumerate(zip(CLAIMS, labels(app), strict=True)):
        assert label.startswith(f"{number + 1}. {find(name).title} ")
        assert f": {VERDICTS[number % len(VERDICTS)]}]" in label
    assert "Measured by tfpool 0**, of 12 claims: " in said(app)
    for counted in ("3 hold]", "3 hold in part]", "3 do not hold]", "3 are not decided here]"):
        assert counted in said(app)
    assert "Measured by you" not in said(app)
    assert not charts(app)


def test_the_picture_has_each_training_on_its_side_of_zero(shipped: Path) -> None:
    drawn = picture(claims())
    assert drawn
    spec = json.loads(drawn.proto.spec)
    named = {name: finding(name, VERDICTS[CLAIMS.index(name) % len(VERDICTS)]).judgement.named for name in CLAIMS}
    effect = named["overfitting"]["test: Flatten − GAP, resnet8, 1,000 images"]
    assert spec["data"][0]["x"] == pytest.approx([100 * effect.value])
    assert spec["layout"]["yaxis"]["ticktext"][0] == "resnet8, 16 epochs"
    assert str(effect) in drawn.proto.alt


@pytest.mark.parametrize(
    ("ends", "color"),
    [((0.01, 0.03), HEADS["flatten"].color), ((-0.03, -0.01), HEADS["gap"].color), ((-0.01, 0.03), "#8C8C8C")],
)
def test_a_difference_has_the_color_of_the_better_head_if_its_interval_excludes_zero(
    ends: tuple[float, float], color: str
) -> None:
    effect = Effect("", sum(ends) / 2, *ends, 5)
    (dot,) = overview.picture([overview.Difference("convnet", 8, effect)]).to_plotly_json()["data"]
    assert dot["marker"]["color"] == dot["error_x"]["color"] == color
    assert dot["error_x"]["array"][0] == pytest.approx(100 * (ends[1] - effect.value))


def test_without_findings_there_is_a_sentence_and_no_picture(store: Path) -> None:
    app = claims()
    assert app.markdown[1].value.startswith("**")
    assert picture(app) is None


@pytest.mark.parametrize("name", CLAIMS)
def test_a_card_has_statement_verdict_figures_numbers_and_how_it_was_measured(name: str, shipped: Path) -> None:
    app, claim, kept = claims(name), find(name), findings.read(shipped / f"{name}-full.json")
    text = said(app)
    for section in ("Statement", "Protocol", "Measure", "Rule", "Overturned by", "Does not show", "Source"):
        assert claim.sections[section] in text
    assert "**Rule**" in text
    assert kept.judgement.headline in text
    assert f": {kept.judgement.verdict}]" in text
    assert [chart.proto.alt for chart in figures(app)] == [figure.alt_text for figure in kept.judgement.figures]
    tables = [each.value for each in app.dataframe]
    assert list(tables[-1].columns) == list(kept.judgement.columns)
    assert len(tables[-1]) == len(kept.judgement.rows)
    if kept.judgement.effects:
        counted = ["arithmetic"] * len(kept.judgement.arithmetic)
        assert list(tables[0]["mean and 95 % interval"]) == [*map(str, kept.judgement.effects), *counted]
    assert app.code[0].value == f"python -m tfpool lab {name} --full"
    assert "2026-01-02, 0:03 on one core. tfpool 0, Python 3.11, TensorFlow 2.21.0" in text
    assert ("Seeds 0, 1, 2, 3, 4. " in text) == bool(kept.seeds)
    assert app.button(key=f"claims_run_{name}").label == "Run here"


def test_without_any_finding_the_page_says_what_the_button_does(store: Path) -> None:
    app = claims("nin")
    assert all("not measured yet" in label for label in labels(app))
    assert app.button(key="claims_run_nin").label == "Run here"
    assert not store.exists()


def test_ones_own_findings_stand_beside_what_is_shipped(shipped: Path, store: Path) -> None:
    keep(store, "position", "does not hold")
    app = claims("position")
    assert "holds in part] " in labels(app)[5]
    assert "yours, quick: does not hold]" in labels(app)[5]
    assert "**Measured by you**: :red-badge[:material/cancel: 1 does not hold]" in said(app)
    assert "**Measured by tfpool 0**, 5 seeds: " in said(app)
    assert "**Yours, quick**, 5 seeds: " in said(app)
    assert len(charts(app)) == 2 * len(finding("position").judgement.figures)


def test_of_two_scales_the_full_one_is_shown_and_the_quick_one_can_be_chosen(store: Path) -> None:
    keep(store, "nin", "holds", "quick")
    keep(store, "nin", "does not hold", "full")
    app = claims("nin")
    assert "yours, full: does not hold]" in labels(app)[-1]
    assert "**Yours, full**" in said(app)
    app.button_group(key="claims_own_nin").set_value("quick").run()
    sound(app)
    assert "**Yours, quick**, 5 seeds: :green-badge[:material/check_circle: holds]" in said(app)
    # A link shows the same.
    linked = opened("Claims", claims_nin="true", claims_own_nin="quick")
    assert linked.button_group(key="claims_own_nin").value == "quick"
    assert "**Yours, quick**" in said(linked)


def test_a_finding_made_under_another_text_asks_to_be_made_again(store: Path) -> None:
    keep(store, "nin")
    assert not claims("nin").warning
    findings.write(replace(finding("nin", scale="quick"), fixed="0"), store / FOLDER)
    assert len(claims("nin").warning) == 1


def test_a_damaged_finding_is_one_sentence_and_the_others_are_shown(store: Path) -> None:
    keep(store, "nin")
    keep(store, "position")
    path = store / FOLDER / "nin-quick.json"
    path.write_text(path.read_text()[:200])
    app = claims("nin", "position")
    (error,) = app.error
    assert str(path) in error.value.replace("\\", "")
    assert "yours cannot be read" in labels(app)[-1]
    assert len(charts(app)) == len(finding("position").judgement.figures)


def test_words_of_a_file_are_shown_as_they_are(store: Path) -> None:
    bad = "**bold** <b>x</b> :red[y] [link](https://example.org)"
    made = finding("nin", scale="quick")
    (figure,) = made.judgement.figures
    series = replace(figure.series[0], name="<b>x</b>", x=["<i>a</i>", "b"])
    hostile = replace(figure, title=bad, x=bad, y=bad, series=(series, *figure.series[1:]), level=0.1, level_name="<i>")
    judged = replace(made.judgement, verdict=bad, headline=bad, figures=[hostile])
    about = {**made.provenance, "machine": bad, "date": bad, "keras": bad}
    findings.write(replace(made, judgement=judged, provenance=about), store / FOLDER)
    app = claims("nin")
    assert plain(bad) in words(app)
    assert bad not in words(app)
    assert "<b>" not in json.dumps(charts(app)[0])
    assert "<i>" not in json.dumps(charts(app)[0])


def test_an_address_with_nonsense_is_the_list(shipped: Path) -> None:
    app = opened("Claims", claims_nonsense="true", claims_nin="banana", claims_chosen="9")
    assert len(labels(app)) == len(CLAIMS)
    assert not app.error
    assert not charts(app)


def job_of(state: str, **changed: object) -> Job:
    return replace(Job("nin", "full", state, 30.0, 120, 83.0, "", False), **changed)


@pytest.mark.parametrize(
    ("job", "words"),
    [
        (job_of("stopped"), "stopped at 25%"),
        (job_of("interrupted", total=0), "interrupted"),
        (job_of("failed", error="Run x failed. **Out** of memory"), "Run x failed. **Out**"),
    ],
)
def test_one_that_was_broken_off_says_so_and_goes_on(
    job: Job, words: str, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = []
    monkeypatch.setattr(background_job, "state", lambda folder, name: job if name == "nin" and not begun else None)
    monkeypatch.setattr(background_job, "start", lambda *given: begun.append(given))
    app = claims("nin")
    assert words in said(app)
    assert app.button(key="claims_run_nin").label == "Resume"
    app.button(key="claims_run_nin").click().run()
    sound(app)
    assert begun == [(store, "nin", "full")]


@pytest.mark.parametrize("is_open", [True, False])
def test_one_that_is_under_way_shows_how_far_it_is_and_can_be_stopped(
    is_open: bool, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    requests = []

    def state(folder: Path, name: str) -> Job | None:
        return job_of("running", stopping=bool(requests)) if name == "nin" else None

    monkeypatch.setattr(background_job, "state", state)
    monkeypatch.setattr(jobs.jobs, "stop", lambda *given: requests.append(given))
    app = claims("nin") if is_open else claims()
    assert "running]" in labels(app)[-1]
    assert ["25%, about 1:23 left" in bar.proto.text for bar in app.get("progress")] == [True]
    app.button(key="claims_stop_nin").click().run()
    sound(app)
    assert requests == [(store, "nin")]
    assert app.button(key="claims_stop_nin").disabled
    assert not [button for button in app.button if button.key == "claims_run_nin"]


def test_a_store_that_is_a_file_is_a_message(store: Path) -> None:
    store.write_text("")
    app = opened("Claims")
    assert len(app.error) == 1


def test_opening_the_page_loads_no_tensorflow() -> None:
    code = (
        "from streamlit.testing.v1 import AppTest; app = AppTest.from_file('app.py', default_timeout=60); "
        "app.switch_page('pages/8_Claims.py'); app.run(); assert not app.exception; assert len(app.expander) >= 12"
    )
    assert not modules_after(code) & {"tensorflow", "keras"}


def plotted(**changed: object) -> dict:
    series = [Series("GAP", ["a", "b"], [0.5, 0.6], [0.4, 0.6], [0.7, 0.6], "gap"), Series("other", ["b"], [0.2])]
    figure = Figure(**{"title": "t", "x": "x", "y": "y", "series": series, "kind": "bar", **changed})
    (panel,) = panels([figure])
    return claim_charts.draw(panel).to_plotly_json()


def test_bars_have_their_heads_color_their_interval_and_their_place_by_name() -> None:
    gap, other = plotted()["data"]
    assert gap["marker"]["color"] == HEADS["gap"].color != other["marker"]["color"]
    assert gap["error_y"]["array"][0] == pytest.approx(0.2)
    assert gap["error_y"]["arrayminus"][0] == pytest.approx(0.1)
    assert list(other["x"]) == [1]


def test_a_line_has_its_interval_as_a_band() -> None:
    band, gap, _ = plotted(kind="line")["data"]
    assert list(band["y"]) == [0.7, 0.6, 0.6, 0.4]
    assert band["legendgroup"] == gap["legendgroup"] == "GAP"


def test_a_level_is_a_line_with_a_name_in_the_legend() -> None:
    (level,) = plotted(level=0.25, level_name="chance")["layout"]["shapes"]
    assert (level["y0"], level["name"], level["showlegend"]) == (0.25, "chance", True)


def test_a_logarithmic_axis_is_labeled_and_empty_figures_are_drawn() -> None:
    axis = plotted(log=True)["layout"]["yaxis"]
    assert axis["type"] == "log"
    assert len(axis["ticktext"]) == len(axis["tickvals"]) >= 2
    for kind in ("line", "bar"):
        plotted(kind=kind, series=[Series("a", [], [])])
