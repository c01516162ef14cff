import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import tfpool as tp
from tests.helpers.processes import ROOT, tfpool
from tfpool import data
from tfpool.cli import parser
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.tracking.store import RunStore


def test_plan_prints_the_table_and_json(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["plan", "resnet50", "--head", "flatten", "--input", "224"]) == 0
    printed = capsys.readouterr().out
    plan = tp.plan("resnet50", head="flatten")
    *lines, last = printed.splitlines()
    assert "\n".join(lines) == str(plan)
    training = plan.training_bytes(64, "adam")
    assert training
    assert last.strip() == f"training {training / 1e9:.3g} GB with a batch of 64 and adam"
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
    assert "model.keras is counted as it is" in capsys.readouterr().err


def test_compare_prints_a_row_a_network_and_head(capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["compare", "resnet20", "resnet50", "--head", "gap", "flatten", "--input", "64"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 4
    assert lines[-1].split()[:2] == ["resnet50-flatten", "64×64×3"]
    assert f"{tp.plan('resnet50', head='flatten', input_shape=(64, 64, 3)).params:,}" in lines[-1]
    assert parser.main(["compare", "resnet8", "--input", "any", "--head", "gap", "gmp", "--json"]) == 0
    assert [row["macs"] for row in json.loads(capsys.readouterr().out)] == [None, None]


@pytest.mark.parametrize(
    "command", [[], ["plan"], ["compare"], ["train"], ["runs"], ["rename"], ["explain"], ["classify"]], ids=str
)
def test_help_explains_every_option(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="0"):
        parser.main([*command, "--help"])
    printed = capsys.readouterr().out
    assert "usage: python -m tfpool" in printed
    assert max(map(len, printed.splitlines())) <= 100


BAD = [
    (["plan", "resnet51"], "Unknown network 'resnet51'"),
    (["plan", "resnet20", "--head", "mlp"], "Unknown head 'mlp'"),
    (["plan", "resnet20", "--input", "0"], "at least 1 is needed for height, got 0"),
    (["plan", "resnet20", "--input=-5x5"], "at least 1 is needed for height, got -5"),
    (["plan", "resnet20", "--input", "big"], "An image size is like 224"),
    (["plan", "resnet20", "--classes", "0"], "at least 1 is needed for classes"),
    (["plan", "resnet50", "--input", "16"], "needs images of at least 32×32"),
    (["plan", "resnet20", "--head", "flatten", "--input", "any"], "Flatten needs a fixed image size"),
    (["plan"], "the following arguments are required: backbone"),
    (["plan", "missing.keras"], "There is no file missing.keras"),
    (["plan", "app.keras"], "app.keras is no model that Keras can open: a .keras file is a zip archive"),
    (["plan", "app.h5"], "app.h5 is no model that Keras can open"),
    (["plan", "resnet20", "--batch-size", "0"], "at least 1 is needed for batch_size"),
    (["paint"], "invalid choice: 'paint'"),
    (["train", "resnet8", "--data", "nonsense"], "Unknown data set 'nonsense'"),
    (["train", "resnet50"], "needs images of at least 32×32"),
    (["train", "resnet8", "--epochs", "0"], "at least 1 is needed for epochs"),
    (["train", "resnet8", "--epochs", "1.5"], "invalid int value: '1.5'"),
    (["train", "resnet8", "--freeze", "backbone", "head"], "There is nothing to train"),
    (["train", "resnet8", "--store", "app.py"], "is a file"),
    (["train", "resnet8", "--store", "app.py/inside"], "cannot be used"),
    (["train", "resnet8", "--recipe", "best"], "Unknown recipe 'best'. Use one of: quick, default"),
    (["train", "resnet8", "--augment", "blur"], "invalid choice: 'blur'"),
    (["train", "resnet8", "--warmup", "9"], "warmup"),
    (["train", "efficientnetb0", "--set", "activation=gelu"], "has no ReLU to put gelu in the place of"),
    (["train", "resnet8", "--set", "activation=elu"], "Unknown activation 'elu'. Use one of: relu, gelu, silu"),
    (["sweep", "resnet8", "--seeds", "0"], "at least 1 is needed for --seeds"),
    (["resume", "resnet8-gap-1"], "holds no runs yet"),
    (["stop", "resnet8-gap-1"], "holds no runs yet"),
    (["delete", "resnet8-gap-1"], "holds no runs yet"),
    (["rename", "resnet8-gap-1", "mine"], "holds no runs yet"),
    (["undelete", "resnet8-gap-1"], "There is no deleted run 'resnet8-gap-1' to bring back"),
    (["runs"], "holds no runs yet. Train one"),
    (["explain", "resnet8-gap-1", "photo.png"], "holds no runs yet"),
    (["classify", "resnet8-gap-1", "photo.png"], "Or use a network with ImageNet weights, such as squeezenet"),
    (["classify", "squeezenet", "photo.png"], "There is no image photo.png"),
    (["classify", "squeezenet", "app.py"], "app.py is not an image that can be read"),
    (["classify", "squeezenet", "photo.png", "--top", "0"], "at least 1 is needed for --top"),
    (["explain", "squeezenet", "photo.png", "--target", "tea"], "There is no class 'tea'"),
]


@pytest.mark.parametrize(("arguments", "message"), BAD, ids=lambda value: " ".join(value) if value else "")
def test_bad_input_is_one_line_and_exit_code_2(
    arguments: list[str],
    message: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("app.py", "app.keras", "app.h5"):
        (tmp_path / name).write_text("")
    try:
        code = parser.main(arguments)
    except SystemExit as ended:
        code = ended.code  # type: ignore[assignment]
    captured = capsys.readouterr()
    assert code == 2
    assert captured.out == ""
    assert captured.err.startswith("tfpool: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err


def test_photographs_are_classified_without_any_run(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    files = [str(BUNDLED / "photographs" / name) for name in ("coffee.jpg", "cat.jpg")]
    assert parser.main(["classify", "squeezenet", *files, "--top", "2"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + 4
    assert lines[2].startswith(files[0])
    assert "espresso" in lines[2]
    assert lines[3].startswith(" ")
    assert parser.main(["classify", "squeezenet", *files, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["image"] for each in told] == files
    assert [len(each["classes"]) for each in told] == [5, 5]
    assert "cat" in told[1]["classes"][0]["class_name"]
    assert parser.main(["explain", "squeezenet", files[1], "--target", "tabby", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["out"], told["maps"][0]["class_name"]) == ("map.png", "tabby")
    assert (tmp_path / "map.png").exists()


def test_a_sheet_has_a_row_an_image_and_a_column_a_model_and_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(BUNDLED / "photographs" / f"{name}.jpg") for name in ("coffee", "cat")]
    out = str(tmp_path / "sheet.png")
    asked = ["--method", "cam", "gradcam", "--target", "tabby", "--against", "espresso", "--out", out]
    assert parser.main(["explain", "squeezenet", *files, *asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["maps"]
    assert [(each["image"], each["method"]) for each in told] == [
        (file, method) for file in files for method in ("cam", "gradcam")
    ]
    assert {(each["class_name"], each["other_name"]) for each in told} == {("tabby", "espresso")}
    # Grad-CAM of a GAP head keeps what is positive of the map, by its positions.
    for cam, gradcam in (told[:2], told[2:]):
        close = np.maximum(cam["heatmap"], 0) / np.size(cam["heatmap"])
        np.testing.assert_allclose(gradcam["heatmap"], close, atol=1e-4)
    with Image.open(out) as picture:
        one = picture.size
    assert parser.main(["explain", "squeezenet", files[0], "--method", "cam", "--no-relu", "--out", out]) == 0
    said = capsys.readouterr().out
    assert "espresso" in said
    assert said.endswith(f"Written: {out}\n")
    with Image.open(out) as picture:
        assert picture.size[0] < one[0]
        assert picture.size[1] < one[1]


def test_an_output_of_a_models_file_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, activation="relu")(image))
    outputs = [keras.layers.Dense(count, name=name)(pooled) for name, count in (("kind", 3), ("colour", 2))]
    keras.Model(image, outputs).save(tmp_path / "two.keras")
    asked = [str(tmp_path / "two.keras"), str(BUNDLED / "photographs" / "cat.jpg")]
    assert parser.main(["explain", *asked]) == 2
    assert "has several outputs. Give output= as one of: 'kind', 'colour'" in capsys.readouterr().err
    out = str(tmp_path / "map.png")
    assert parser.main(["explain", *asked, "--output", "colour", "--target", "1", "--out", out, "--json"]) == 0
    (told,) = json.loads(capsys.readouterr().out)["maps"]
    assert told["class_name"] == "class 1"
    assert parser.main(["classify", *asked, "--output", "colour", "--pixels", "raw", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)[0]["classes"]) == 2
    assert parser.main(["classify", *asked, "--output", "colour", "--pixels", "half"]) == 2
    assert "There is no way 'half' to scale pixels" in capsys.readouterr().err
    assert parser.main(["explain", *asked, "--output", "kind", "--out", str(tmp_path / "none" / "map.png")]) == 2
    assert "there is no such folder" in capsys.readouterr().err


def test_a_models_file_stands_beside_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(None, None, 3), classes=3), seed=0)
    model.save(tmp_path / "mine.keras")
    photo = str(BUNDLED / "photographs" / "coffee.jpg")
    asked = ["--beside", "squeezenet", "--pixels", "tf", "--method", "gradcam", "--out", str(tmp_path / "map.png")]
    assert parser.main(["explain", str(tmp_path / "mine.keras"), photo, *asked, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["maps"]
    assert [each["model"] for each in told] == ["mine.keras", "squeezenet"]
    # It takes any size, and sees the part of the image that the other one does.
    assert np.shape(told[0]["heatmap"]) == (57, 57)
    assert parser.main(["classify", str(tmp_path / "mine.keras"), photo]) == 0
    assert "class " in capsys.readouterr().out
    assert parser.main(["explain", "squeezenet", photo, "--pixels", "tf"]) == 2
    assert "--pixels and --output are for models from files" in capsys.readouterr().err
    (tmp_path / "bad.keras").write_bytes(b"no archive")
    assert parser.main(["explain", str(tmp_path / "bad.keras"), photo]) == 2
    assert "is no model that Keras can open: a .keras file is a zip archive" in capsys.readouterr().err


def test_no_runs_are_an_empty_list_for_a_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["runs", "--store", str(tmp_path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == []


@pytest.mark.slow
def test_runs_lists_the_newest_first(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert parser.main(["runs", "--store", str(trained)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[2:]] == ["resnet8-flatten-2", "resnet8-gap-1"]
    assert "75,482" in lines[-1]
    assert parser.main(["runs", "--store", str(trained), "--json"]) == 0
    first, *_ = json.loads(capsys.readouterr().out)
    assert first["history"] == RunStore(trained).get("resnet8-flatten-2").history


@pytest.mark.slow
def test_explain_writes_image_and_map_and_names_the_class(trained: Path, tmp_path: Path) -> None:
    images = data.load("fashion_mnist")
    Image.fromarray(images.test.images[3, ..., 0]).save(tmp_path / "photo.png")
    common = ("--store", trained, "--out", tmp_path / "map.png", "--method", "hirescam")
    ended = tfpool("explain", "resnet8-gap-1", tmp_path / "photo.png", *common, "--json")
    assert (ended.returncode, ended.stderr) == (0, "")
    told = json.loads(ended.stdout)
    model = RunStore(trained).get("resnet8-gap-1").load_model()
    e = tp.explain(model, data.to_input(images.test.images[3]), "hirescam")
    (told,) = told["maps"]
    np.testing.assert_allclose(told["heatmap"], e.heatmaps[0], atol=1e-5)
    assert told["class_name"] == images.class_names[e.targets[0]]
    assert told["score"] == pytest.approx(e.scores[0], abs=1e-4)
    with Image.open(tmp_path / "map.png") as picture:
        assert min(picture.size) > 224

    ended = tfpool("explain", "resnet8-gap-1", tmp_path / "photo.png", *common, "--target", "Bag")
    assert ended.returncode == 0
    assert "  Bag  " in ended.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["resnet8-gap-9", "photo.png"], "There is no run 'resnet8-gap-9'"),
        (["resnet8-gap-1", "notes.txt"], "notes.txt is not an image that can be read"),
        (["resnet8-gap-1", "missing.png"], "There is no image missing.png"),
        (["resnet8-gap-1", "photo.png", "--target", "Hat"], "There is no class 'Hat'"),
        (["resnet8-gap-1", "photo.png", "--method", "guess"], "Unknown method 'guess'"),
        (["resnet8-gap-1", "photo.png", "--out", "map.jpg"], "a name that ends in .png"),
        (
            ["resnet8-gap-1", "photo.png", "--out", "notes.txt/map.png"],
            "The map cannot be written to notes.txt/map.png",
        ),
        (["resnet8-gap-1", "two\nlines.png"], "There is no image two lines.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_cannot_be_explained_is_one_line(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("no image")
    Image.new("L", (28, 28)).save("photo.png")
    assert parser.main(["explain", *arguments, "--store", str(trained)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert message in said.err
    assert said.err.count("\n") == 1


AND_WHAT_WAS_LOADED = """
import runpy, sys
try:
    runpy.run_module("tfpool", run_name="__main__", alter_sys=True)
finally:
    print(*(name for name in ("keras", "pandas", "matplotlib.pyplot") if sys.modules.get(name)))
"""


@pytest.mark.slow
def test_it_is_the_only_line_when_keras_loads_without_what_nobody_asked_for(trained: Path, tmp_path: Path) -> None:
    Image.new("L", (28, 28)).save(tmp_path / "photo.png")
    asked = ("explain", "resnet8-gap-1", "photo.png", "--target", "Hat", "--store", str(trained))
    ended = subprocess.run(
        [sys.executable, "-c", AND_WHAT_WAS_LOADED, *asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (2, "keras\n")
    assert "There is no class 'Hat'" in ended.stderr
    assert ended.stderr.count("\n") == 1


@pytest.mark.slow
def test_ctrl_c_stops_the_run_and_says_so(tmp_path: Path) -> None:
    arguments = ["train", "resnet8", "--epochs", "1000", "--train-images", "300", "--store", str(tmp_path)]
    process = subprocess.Popen(
        [sys.executable, "-m", "tfpool", *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stderr
    # The first line is told after the first epoch.
    assert "epoch 1/1000" in process.stderr.readline()
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "stopped" in printed
    assert RunStore(tmp_path).runs()[0].state == "stopped"


def test_a_reader_that_has_seen_enough_is_no_error() -> None:
    command = f"{sys.executable} -m tfpool plan resnet152 | head -n 1"
    ended = subprocess.run(["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("layer")
    assert ended.stderr == ""


@pytest.mark.slow
def test_a_sweep_is_one_group_of_networks_heads_and_seeds(
    few: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = str(tmp_path / "store")
    wanted = ["resnet8", "convnet", "--head", "gap", "--seeds", "2", "--name", "small", "--seed", "5"]
    recipe = [
        "--recipe",
        "quick",
        "--epochs",
        "1",
        "--train-images",
        "64",
        "--set",
        "activation=gelu",
        "--data",
        few,
        "--store",
        store,
    ]
    # The small convolutional net has no setting of another name.
    assert parser.main(["sweep", *wanted, *recipe, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert [(each["spec"]["plan"]["backbone"], each["spec"]["recipe"]["seed"]) for each in told] == [
        ("resnet8", 5),
        ("convnet", 5),
        ("resnet8", 6),
        ("convnet", 6),
    ]
    runs = RunStore(store).runs()
    assert {run.sweep for run in runs} == {"small"}
    assert {run.state for run in runs} == {"done"}
    assert {run.spec["plan"]["activation"] for run in runs} == {"gelu"}

    assert parser.main(["delete", runs[0].id, "--store", store]) == 0
    assert f"python -m tfpool undelete {runs[0].id}" in capsys.readouterr().out
    assert len(RunStore(store).runs()) == 3
    assert parser.main(["undelete", runs[0].id, "--store", store]) == 0
    assert len(RunStore(store).runs()) == 4
    assert parser.main(["resume", runs[0].id, "--store", store]) == 2
