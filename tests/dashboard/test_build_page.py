"""The Build page: its numbers, the drawing, the swap of heads, and where its links lead."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from streamlit.testing.v1 import AppTest

import tfpool as tp
from dashboard.build import network_diagram
from dashboard.build.diagram_blocks import DETAILS, cut
from tests.helpers.pages import metrics, opened, sound, words
from tfpool.networks.catalog import CATALOG
from tfpool.networks.heads import HEADS

DRAWN = ("alexnet", "convnet", "efficientnetb0", "efficientnetb7", "nin_cifar", "nin_imagenet", "resnet20", "resnet50")
DRAWN += ("resnet50v2", "resnet152", "squeezenet", "vgg16", "vgg16_bn")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_STORE", str(tmp_path / "saved_models"))


def drawing(app: AppTest) -> dict[str, dict[str, Any]]:
    """The traces of the drawing by name."""
    spec = json.loads(app.get("plotly_chart")[0].proto.spec)
    return {trace.get("name", trace.get("mode")): trace for trace in spec["data"]}


def deltas(app: AppTest) -> dict[str, str]:
    return {metric.label: metric.delta for metric in app.metric}


def link(app: AppTest, label: str) -> tuple[str, dict[str, list[str]]]:
    """The page and the settings that a link of the page leads to."""
    (found,) = (each.proto for each in app.get("page_link") if each.proto.label.startswith(label))
    return found.page, parse_qs(found.query_string)


# === The numbers ===


def test_it_shows_the_network_as_published_and_any_other_size() -> None:
    app = opened("Build")
    app.selectbox(key="build_network").set_value("resnet50").run()
    sound(app)
    assert metrics(app)["Parameters"] == "25,636,712"
    app.button_group(key="build_head").set_value("flatten")
    app.number_input(key="build_side").set_value(64).run()
    plan = tp.plan("resnet50", head="flatten", input_shape=(64, 64, 3), classes=1000)
    assert metrics(app)["In the head"] == f"{plan.head_params:,}"
    assert metrics(app)["Last feature map"] == "2×2×2048"
    assert len(app.dataframe[0].value) == len(plan.rows)


def test_a_size_that_was_typed_stays_and_an_empty_one_follows_the_network() -> None:
    app = opened("Build", build_classes="7")
    for network, side in (("vgg16", 224), ("efficientnetb7", 600), ("convnet", 32)):
        app.selectbox(key="build_network").set_value(network).run()
        sound(app)
        plan = tp.plan(network, head="gap", input_shape=(side, side, 3), classes=7)
        assert metrics(app)["Parameters"] == f"{plan.params:,}"
        assert app.number_input(key="build_side").placeholder == str(side)


def test_an_address_opens_the_same_view() -> None:
    query = {"build_network": "resnet101", "build_head": "GMP", "build_side": "96", "build_classes": "5"}
    app = opened("Build", **query, build_against="FC", build_detail="Stages")
    plan = tp.plan("resnet101", head="gmp", input_shape=(96, 96, 3), classes=5)
    assert metrics(app)["Parameters"] == f"{plan.params:,}"
    assert "**GMP** compared with **FC**" in words(app)
    assert "conv2" in drawing(app)["text"]["text"]


# === The other head ===


def test_the_other_head_shows_by_how_much_each_number_differs() -> None:
    app = opened("Build")
    gap, flatten = (tp.plan("resnet20", head=head) for head in ("gap", "flatten"))
    assert deltas(app)["Parameters"] == f"{gap.params - flatten.params:+,}".replace("-", "−") == "−40,320"
    assert deltas(app)["In the head"] == "−40,320"
    assert deltas(app)["MACs per image"] == "−40.3 k"
    assert "**650** in the head against **40,970**. Flatten has 40,320 more, **63 times** as many." in words(app)
    app.button_group(key="build_head").set_value("gmp").run()
    app.selectbox(key="build_against").set_value("gap").run()
    sound(app)
    assert deltas(app)["Parameters"] == "no difference"
    assert "both heads have **650**" in words(app)


@pytest.mark.parametrize("against", ["nothing", "GAP"])
def test_without_another_head_there_is_no_difference_to_show(against: str) -> None:
    app = opened("Build", build_against=against)
    assert not any(deltas(app).values())
    assert "other" not in drawing(app)
    assert "**GAP** has **650** parameters" in words(app)


def test_another_head_that_cannot_be_put_there_is_told_and_the_page_goes_on() -> None:
    app = opened("Build", build_against="SPP", build_side="8")
    assert "SPP cannot" in app.warning[0].value
    assert metrics(app)["Last feature map"] == "2×2×64"
    assert not any(deltas(app).values())


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ({"build_network": "resnet50", "build_side": "16"}, "32×32 pixels"),
        ({"build_head": "SPP", "build_side": "8"}, "SPP"),
    ],
)
def test_what_cannot_be_is_a_message(query: dict[str, str], message: str) -> None:
    app = opened("Build", **query)
    assert message in app.error[0].value.replace("\\", "")
    assert not app.dataframe


def test_nonsense_in_the_address_is_left_out() -> None:
    app = opened("Build", build_network="<b>no</b>", build_head="none", build_side="-3", build_detail="Atoms")
    assert metrics(app)["Parameters"] == f"{tp.plan('resnet20').params:,}"


def test_the_links_carry_the_settings() -> None:
    page, query = link(opened("Build", build_classes="20"), "Train both")
    assert page == "Train"
    assert query == {"train_networks": ["resnet20"], "train_heads": ["GAP", "Flatten"]}
    app = opened("Build", build_network="squeezenet", build_against="nothing", build_head="NIN", build_classes="20")
    page, query = link(app, "Compare this")
    assert page == "Parameters"
    assert query == {
        "parameters_networks": ["squeezenet"],
        "parameters_heads": ["NIN"],
        "parameters_side": ["224"],
        "parameters_classes": ["20"],
    }
    for page, settings in (("Parameters", query), link(app, "Train this")):
        other = opened(page, **{name: value[0] for name, value in settings.items()})
        assert not other.error
        assert other.multiselect(key=f"{page.lower()}_networks").value == ["squeezenet"]
        assert other.button_group(key=f"{page.lower()}_heads").value == ["nin"]


# === The drawing ===


@pytest.mark.parametrize("detail", DETAILS)
@pytest.mark.parametrize("network", DRAWN)
def test_blocks_add_up_to_the_network(network: str, detail: str) -> None:
    plan = tp.plan(network)
    blocks = cut(plan, detail)
    assert sum(block.params for block in blocks) == plan.params
    assert sum(block.macs for block in blocks) == plan.macs
    assert sum(block.params for block in blocks if block.part == "head") == plan.head_params
    assert blocks[-1].shape == (plan.classes,)
    for place, block in enumerate(blocks[1:], start=1):
        assert block.sources
        assert max(block.sources) < place
    if detail != "Layers":
        assert len(blocks) <= 25


def test_blocks_alike_are_drawn_once_with_how_many_there_are() -> None:
    blocks = {block.name: block for block in cut(tp.plan("resnet152"), "Blocks")}
    alike = blocks["conv4_block2–36"]
    assert alike.times == 35
    assert alike.params == 35 * sum(row.params for row in alike.rows) == 39_262_720
    assert alike.around
    assert alike.last.name == "conv4_block36_out"
    assert "conv4_block1" in blocks


@pytest.mark.exhaustive
def test_every_network_can_be_drawn() -> None:
    for network in CATALOG:
        plan = tp.plan(network)
        assert len(network_diagram.draw(plan, tp.plan(network, head="avgmax"), "Blocks").data) == 6


def test_a_layer_is_joined_to_what_it_reads() -> None:
    blocks = cut(tp.plan("squeezenet"), "Layers")
    places = {block.last.name: place for place, block in enumerate(blocks)}
    expanded = [places[f"fire2_expand{size}"] for size in ("1x1", "3x3")]
    assert blocks[places["fire2_concat"]].sources == tuple(expanded)
    assert all(blocks[place].sources == (places["fire2_squeeze1x1"],) for place in expanded)


def test_the_drawing_shows_both_heads_in_their_colors_and_says_so_in_words() -> None:
    app = opened("Build", build_network="resnet50")
    traces = drawing(app)
    assert traces["backbone"]["marker"]["color"] == "#8C8C8C"
    assert traces["head"]["marker"]["color"] == HEADS["gap"].color
    assert traces["other"]["marker"]["line"]["color"] == HEADS["flatten"].color
    assert {"conv4_block2–6 ×5", "14×14×1024", "<b>Head: GAP</b>", "<b>Compared with: Flatten</b>"} <= set(
        traces["text"]["text"]
    )
    (tooltip,) = [text for text in traces["details"]["customdata"] if "conv4_block2–6" in text]
    for fact in ("5 equal blocks", "3\u00a0Conv2D", "Output 14×14×1024", "1,121,792 each", "MACs", "stride 16"):
        assert fact in tooltip
    alt = app.get("plotly_chart")[0].proto.alt
    for fact in ("image 224×224×3", "conv5_block2–3 ×2 7×7×2048", "2,049,000 parameters", "Compared with Flatten"):
        assert fact in alt
