import json
from pathlib import Path

import pytest

import tfpool as tp
from tfpool.cli import parser


def test_plan_prints_the_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["plan", "resnet50", "--head", "flatten", "--input", "224"]) == 0
    printed = capsys.readouterr().out
    plan = tp.plan("resnet50", head="flatten")
    *lines, last = printed.splitlines()
    assert "\n".join(lines) == str(plan)
    training = plan.training_bytes(64, "adam")
    assert training
    assert f"{training / 1e9:.3g} GB" in last
    assert "100,353,000" in printed
    assert parser.main(["plan", "resnet50", "--input", "64x96x1", "--classes", "5", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    plan = tp.plan("resnet50", input_shape=(64, 96, 1), classes=5)
    assert (record["params"], record["macs"], record["feature_shape"]) == (plan.params, plan.macs, [2, 3, 2048])
    assert [row["name"] for row in record["rows"]] == [row.name for row in plan.rows]


def test_a_saved_model_is_counted_as_it_is(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    plan = tp.plan("resnet8", head="gem")
    tp.build(plan).save(tmp_path / "model.keras")
    assert parser.main(["plan", str(tmp_path / "model.keras"), "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["params"], record["macs"]) == (plan.params, plan.macs)
    assert parser.main(["compare", "resnet8", str(tmp_path / "model.keras"), "--head", "gap"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()[2:]] == ["resnet8-gap", "resnet8-gem"]
    assert parser.main(["plan", str(tmp_path / "model.keras"), "--head", "gap"]) == 2
    assert "--head" in capsys.readouterr().err


def test_compare_prints_one_row_per_network_and_head(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["compare", "resnet20", "resnet50", "--head", "gap", "flatten", "--input", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 4
    assert lines[-1].split()[:2] == ["resnet50-flatten", "64×64×3"]
    assert f"{tp.plan('resnet50', head='flatten', input_shape=(64, 64, 3)).params:,}" in lines[-1]
    assert parser.main(["compare", "resnet8", "--input", "any", "--head", "gap", "gmp", "--json"]) == 0
    assert [row["macs"] for row in json.loads(capsys.readouterr().out)] == [None, None]
