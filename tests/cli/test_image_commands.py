import csv
import json
import os
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tifffile
from PIL import Image

import tfpool as tp
from tests.helpers.processes import ROOT
from tfpool import data
from tfpool.cli import parser
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.tracking.store import RunStore


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
    records = json.loads(capsys.readouterr().out)
    assert [record["image"] for record in records] == files
    assert [len(record["classes"]) for record in records] == [5, 5]
    assert "cat" in records[1]["classes"][0]["class_name"]
    assert parser.main(["explain", "squeezenet", files[1], "--target", "tabby", "--json"]) == 0
    record = json.loads(capsys.readouterr().out)
    assert (record["out"], record["maps"][0]["class_name"]) == ("map.png", "tabby")
    assert (tmp_path / "map.png").exists()


def test_page_and_bands_of_tiff_files_are_chosen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Image.open(BUNDLED / "photographs" / "cat.jpg") as photograph:
        red, green, blue = (np.asarray(band) for band in photograph.convert("RGB").resize((227, 227)).split())
    bands = np.stack([np.zeros_like(red), blue, green, red, np.zeros_like(red)], axis=-1)
    many, pages = str(tmp_path / "satellite.tif"), str(tmp_path / "pages.tif")
    tifffile.imwrite(many, bands, photometric="minisblack", planarconfig="contig", metadata=None)
    first, second = Image.new("RGB", (227, 227)), Image.fromarray(np.stack([red, green, blue], axis=-1))
    first.save(pages, save_all=True, append_images=[second])
    commands = (["classify", "squeezenet", many, "--bands", "4,3,2"], ["classify", "squeezenet", pages, "--page", "2"])
    answers = []
    for command in commands:
        assert parser.main([*command, "--json"]) == 0
        answers.append(json.loads(capsys.readouterr().out)[0]["classes"])
    assert answers[0] == answers[1]
    assert "cat" in answers[0][0]["class_name"]
    out = ["--out", str(tmp_path / "map.png"), "--json"]
    assert parser.main(["explain", "squeezenet", many, "--bands", "4,3,2", *out]) == 0
    assert json.loads(capsys.readouterr().out)["maps"][0]["class_name"] == answers[0][0]["class_name"]
    for refused, word in (([], "4,3,2"), (["--page", "all"], "one page"), (["--bands", "4,3"], "three bands")):
        assert parser.main(["classify", "squeezenet", many, *refused]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert word in line


def test_a_folder_is_classified_into_a_table_and_into_folders(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    photographs = {path.name for path in (BUNDLED / "photographs").glob("*.jpg")}
    Path("empty.jpg").touch()
    options = ["--out", "predictions.csv", "--sort", "sorted", "--threshold", "0.5"]
    command = ["classify", "squeezenet", str(BUNDLED / "photographs"), "empty.jpg", *options]
    # An image that was asked for by its name is missing from the answer.
    assert parser.main(command) == 1
    printed = capsys.readouterr()
    assert "empty.jpg" in printed.err
    assert len(printed.out.splitlines()) == 2 + len(photographs) + 2
    assert {path.name for path in Path("sorted").rglob("*.jpg")} == photographs
    # The network hesitates between kinds of cats.
    assert {"espresso", "none of these"} == {path.name for path in Path("sorted").iterdir()}
    with Path("predictions.csv").open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert {Path(row["file"]).name for row in rows} == photographs
    assert all(row["class_5"] for row in rows)


def test_a_sheet_has_one_row_per_image_and_one_column_per_model_and_method(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = [str(BUNDLED / "photographs" / f"{name}.jpg") for name in ("coffee", "cat")]
    out = str(tmp_path / "sheet.png")
    options = ["--method", "cam", "gradcam", "--target", "tabby", "--against", "espresso", "--out", out]
    assert parser.main(["explain", "squeezenet", *files, *options, "--json"]) == 0
    maps = json.loads(capsys.readouterr().out)["maps"]
    assert [(record["image"], record["method"]) for record in maps] == [
        (file, method) for file in files for method in ("cam", "gradcam")
    ]
    assert {(record["class_name"], record["other_name"]) for record in maps} == {("tabby", "espresso")}
    # With a GAP head, Grad-CAM is the positive part of CAM divided by the number of positions.
    for cam, gradcam in (maps[:2], maps[2:]):
        expected = np.maximum(cam["heatmap"], 0) / np.size(cam["heatmap"])
        np.testing.assert_allclose(gradcam["heatmap"], expected, atol=1e-4)
    with Image.open(out) as picture:
        size = picture.size
    assert parser.main(["explain", "squeezenet", files[0], "--method", "cam", "--no-relu", "--out", out]) == 0
    printed = capsys.readouterr().out
    assert "espresso" in printed
    assert out in printed
    with Image.open(out) as picture:
        assert picture.size[0] < size[0]
        assert picture.size[1] < size[1]


def test_one_of_several_outputs_is_selected_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = keras.Input((32, 32, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(keras.layers.Conv2D(4, 3, activation="relu")(image))
    outputs = [keras.layers.Dense(count, name=name)(pooled) for name, count in (("kind", 3), ("color", 2))]
    keras.Model(image, outputs).save(tmp_path / "two.keras")
    options = [str(tmp_path / "two.keras"), str(BUNDLED / "photographs" / "cat.jpg")]
    assert parser.main(["explain", *options]) == 2
    assert "'color'" in capsys.readouterr().err
    out = str(tmp_path / "map.png")
    assert parser.main(["explain", *options, "--output", "color", "--target", "1", "--out", out, "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["maps"]
    assert record["class_name"] == "class 1"
    assert parser.main(["classify", *options, "--output", "color", "--pixels", "raw", "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)[0]["classes"]) == 2
    assert parser.main(["classify", *options, "--output", "color", "--pixels", "half"]) == 2
    assert "half" in capsys.readouterr().err
    assert parser.main(["explain", *options, "--output", "kind", "--out", str(tmp_path / "none" / "map.png")]) == 2
    assert "folder" in capsys.readouterr().err


def test_a_saved_model_is_explained_beside_a_network(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tp.build(tp.plan("resnet8", input_shape=(None, None, 3), classes=3), seed=0)
    model.save(tmp_path / "mine.keras")
    photo = str(BUNDLED / "photographs" / "coffee.jpg")
    options = ["--beside", "squeezenet", "--pixels", "tf", "--method", "gradcam", "--out", str(tmp_path / "map.png")]
    assert parser.main(["explain", str(tmp_path / "mine.keras"), photo, *options, "--json"]) == 0
    maps = json.loads(capsys.readouterr().out)["maps"]
    assert [record["model"] for record in maps] == ["mine.keras", "squeezenet"]
    # A network for images of any size reads the same crop as the other model.
    assert np.shape(maps[0]["heatmap"]) == (57, 57)
    assert parser.main(["classify", str(tmp_path / "mine.keras"), photo]) == 0
    assert "class " in capsys.readouterr().out
    assert parser.main(["explain", "squeezenet", photo, "--pixels", "tf"]) == 2
    assert "--pixels" in capsys.readouterr().err
    (tmp_path / "bad.keras").write_bytes(b"no archive")
    assert parser.main(["explain", str(tmp_path / "bad.keras"), photo]) == 2
    assert "bad.keras" in capsys.readouterr().err


@pytest.mark.slow
def test_explain_writes_image_and_map_and_names_the_class(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    images = data.load("fashion_mnist")
    Image.fromarray(images.test.images[3, ..., 0]).save(tmp_path / "photo.png")
    paths = [str(tmp_path / "photo.png"), "--store", str(trained), "--out", str(tmp_path / "map.png")]
    command = ["explain", "resnet8-gap-1", *paths, "--method", "hirescam"]
    assert parser.main([*command, "--json"]) == 0
    (record,) = json.loads(capsys.readouterr().out)["maps"]
    model = RunStore(trained).get("resnet8-gap-1").load_model()
    e = tp.explain(model, data.to_input(images.test.images[3]), "hirescam")
    np.testing.assert_allclose(record["heatmap"], e.heatmaps[0], atol=1e-5)
    assert record["class_name"] == images.class_names[e.targets[0]]
    assert record["score"] == pytest.approx(e.scores[0], abs=1e-4)
    with Image.open(tmp_path / "map.png") as picture:
        assert min(picture.size) > 224
    assert parser.main([*command, "--target", "Bag"]) == 0
    assert "  Bag  " in capsys.readouterr().out


@pytest.mark.slow
@pytest.mark.parametrize(
    ("arguments", "word"),
    [
        (["resnet8-gap-9", "photo.png"], "resnet8-gap-9"),
        (["resnet8-gap-1", "notes.txt"], "notes.txt"),
        (["resnet8-gap-1", "missing.png"], "missing.png"),
        (["resnet8-gap-1", "photo.png", "--target", "Hat"], "'Hat'"),
        (["resnet8-gap-1", "photo.png", "--method", "guess"], "'guess'"),
        (["resnet8-gap-1", "photo.png", "--out", "map.jpg"], ".png"),
        (
            ["resnet8-gap-1", "photo.png", "--out", "notes.txt/map.png"],
            "notes.txt/map.png",
        ),
        (["resnet8-gap-1", "two\nlines.png"], "two lines.png"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_error_of_explain_is_one_line(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    word: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("notes.txt").write_text("no image")
    Image.new("L", (28, 28)).save("photo.png")
    assert parser.main(["explain", *arguments, "--store", str(trained)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert word in captured.err
    assert captured.err.count("\n") == 1


AND_LOADED_MODULES = """
import runpy, sys
try:
    runpy.run_module("tfpool", run_name="__main__", alter_sys=True)
finally:
    print(*(name for name in ("keras", "pandas", "matplotlib.pyplot") if sys.modules.get(name)))
"""


@pytest.mark.slow
def test_an_error_is_the_only_line_and_neither_pandas_nor_pyplot_is_loaded(trained: Path, tmp_path: Path) -> None:
    Image.new("L", (28, 28)).save(tmp_path / "photo.png")
    arguments = ("explain", "resnet8-gap-1", "photo.png", "--target", "Hat", "--store", str(trained))
    ended = subprocess.run(
        [sys.executable, "-c", AND_LOADED_MODULES, *arguments],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
    )
    assert (ended.returncode, ended.stdout) == (2, "keras\n")
    assert "'Hat'" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_messages_name_options_as_on_the_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    image = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, name="conv")(image)
    pooled = keras.layers.GlobalAveragePooling2D()(maps)
    outputs = {name: keras.layers.Dense(3, name=name)(pooled) for name in ("color", "shape")}
    keras.Model(image, outputs).save(model := str(tmp_path / "two.keras"))
    photo = str(BUNDLED / "photographs" / "cat.jpg")
    assert parser.main(["explain", model, photo, "--out", str(tmp_path / "map.png")]) == 2
    assert "--output with one of: 'color', 'shape'" in capsys.readouterr().err
    options = ["--method", "occlusion", "--layer", "conv", "--output", "shape"]
    assert parser.main(["explain", model, photo, *options]) == 2
    assert "--layer ['conv']" in capsys.readouterr().err


def test_a_model_with_far_larger_scores_leaves_no_map_beside_it_blank(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((32, 32, 3)), keras.layers.Conv2D(4, 3, kernel_initializer="ones")])
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(3, kernel_initializer=keras.initializers.Identity()))
    for name, factor in (("small", 1.0), ("large", 40.0)):
        model.layers[-1].set_weights([weights * factor for weights in model.layers[-1].get_weights()])
        model.save(tmp_path / f"{name}.keras")
    out = tmp_path / "map.png"
    models = [str(tmp_path / "large.keras"), str(BUNDLED / "photographs" / "coffee.jpg"), "--beside"]
    models.append(str(tmp_path / "small.keras"))
    assert parser.main(["explain", *models, "--pixels", "unit", "--method", "hirescam", "--out", str(out)]) == 0
    with Image.open(out) as picture:
        pixels = np.asarray(picture.convert("RGB")).astype(int)[100:300]
    photo, large, small = (pixels[:, left : left + 320] for left in (24, 356, 688))
    # 40 times the score, and the same map.
    assert abs(large - photo).max() > 60
    assert abs(large - small).max() <= 1
