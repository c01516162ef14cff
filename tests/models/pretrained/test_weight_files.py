import pickle
import zipfile
from pathlib import Path

import h5py
import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool.counting.plan import Plan
from tfpool.models.pretrained import load_weights

KINDS = ("whole.keras", "only.weights.h5", "whole.h5", "only.h5", "legacy.weights.h5", "arrays.npz")
"""Files that a model can be kept in; the last but one is how Keras 2 named its own."""


def saved(model: keras.Model, folder: Path, kind: str) -> Path:
    path = folder / kind
    if kind in ("whole.keras", "whole.h5"):
        model.save(path)
    elif kind == "only.weights.h5":
        model.save_weights(path)
    elif kind == "arrays.npz":
        np.savez(path, **{f"{layer.name}/{w.name}": w.numpy() for layer in model.layers for w in layer.weights})
    else:
        model.save(folder / "other.h5")
        with h5py.File(folder / "other.h5") as source, h5py.File(path, "w") as target:
            for name, group in source["model_weights"].items():
                source.copy(group, target, name=name)
            target.attrs.update(source["model_weights"].attrs)
    return path


def weights(model: keras.Model) -> dict[str, list[np.ndarray]]:
    return {layer.name: layer.get_weights() for layer in model.layers if layer.weights}


def same(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return len(one) == len(other) and all(map(np.array_equal, one, other))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("as_text", [True, False])
def test_every_kind_of_file_gives_all_weights_back(tmp_path: Path, kind: str, as_text: bool) -> None:
    plan = tp.plan("resnet8")
    model, again = tp.build(plan, seed=1), tp.build(plan, seed=2)
    # Moving statistics start alike in all models.
    model.set_weights([value + 0.5 for value in model.get_weights()])
    path = saved(model, tmp_path, kind)
    load_weights(again, plan, str(path) if as_text else path)
    assert same(again.get_weights(), model.get_weights())


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("head", [tp.Flatten(), tp.FC((16, 32)), "nin", "no head"], ids=str)
def test_a_file_of_another_head_gives_the_backbone_and_leaves_the_head(
    tmp_path: Path, kind: str, head: str | tp.Flatten
) -> None:
    if head == "no head":
        plan = tp.plan("resnet8")
        whole = tp.build(plan, seed=1)
        source = keras.Model(whole.inputs[0], whole.get_layer(plan.features.name).output)
    else:
        source = tp.build(tp.plan("resnet8", head=head, classes=7), seed=1)
    # Its first dense layer is that of the source with the FC head, its second one is not.
    plan = tp.plan("resnet8", head=tp.FC((16, 24)), classes=7)
    model, before = tp.build(plan, seed=2), tp.build(plan, seed=2)
    load_weights(model, plan, saved(source, tmp_path, kind))
    parts = {row.name: row.part for row in plan.rows if row.params}
    for name, part in parts.items():
        expected = (source if part == "backbone" else before).get_layer(name).get_weights()
        assert same(model.get_layer(name).get_weights(), expected), name


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "other",
    [tp.plan("resnet14"), tp.plan("resnet8", input_shape=(32, 32, 1)), tp.plan("resnet8", width=0.5)],
    ids=["deeper", "grey", "narrow"],
)
def test_a_file_of_another_backbone_does_not_fit(tmp_path: Path, kind: str, other: Plan) -> None:
    path = saved(tp.build(other, seed=1), tmp_path, kind)
    plan = tp.plan("resnet8")
    with pytest.raises(
        ValueError, match=r"does not fit resnet8 for images of 3 channels: .* Use weights of resnet8 with"
    ):
        load_weights(tp.build(plan), plan, path)


def test_the_first_layer_that_does_not_fit_is_named_and_nothing_is_loaded(tmp_path: Path) -> None:
    path = saved(tp.build(tp.plan("resnet14"), seed=1), tmp_path, "whole.h5")
    plan = tp.plan("resnet8")
    model = tp.build(plan, seed=2)
    before = model.get_weights()
    message = (
        r"whole\.h5 does not fit resnet8 .*: conv3_block1_1_conv takes \(3, 3, 16, 32\), "
        r"there is \(3, 3, 16, 16\) in layer conv2_block2_1_conv\."
    )
    with pytest.raises(ValueError, match=message):
        load_weights(model, plan, path)
    assert same(model.get_weights(), before)


def test_a_file_with_too_few_layers_says_which_one_is_missing(tmp_path: Path) -> None:
    np.savez(tmp_path / "few.npz", **{"conv1_conv/kernel": np.zeros((3, 3, 3, 16), np.float32)})
    plan = tp.plan("resnet8")
    with pytest.raises(ValueError, match=r"conv1_bn takes \(16,\) and .*, there is no layer for it\."):
        load_weights(tp.build(plan), plan, tmp_path / "few.npz")


def test_arrays_go_by_the_names_of_their_layers(tmp_path: Path) -> None:
    plan = tp.plan("resnet8")
    model = tp.build(plan, seed=1)
    layers = weights(model)
    swapped = dict(zip(["conv2_block1_2_conv", "conv2_block1_1_conv"], ["kernel", "kernel"], strict=True))
    first = {f"{name}/{weight}": layers[name][0] for name, weight in swapped.items()}
    path = tmp_path / "swapped.npz"
    rest = {f"{name}/{n}": value for name, values in layers.items() for n, value in enumerate(values)}
    kept = {name: value for name, value in rest.items() if name.rpartition("/")[0] not in swapped}
    begin = {name: value for name, value in kept.items() if name.startswith("conv1")}
    np.savez(path, **(begin | first | kept))
    with pytest.raises(ValueError, match=r"conv2_block1_1_conv takes .* in layer conv2_block1_2_conv\."):
        load_weights(tp.build(plan), plan, path)


@pytest.mark.parametrize("name", ["imagnet", "missing.h5", "folder.h5"])
def test_a_missing_file_is_one_sentence(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder.h5").mkdir()
    plan = tp.plan("resnet8")
    with pytest.raises(ValueError, match=rf'There is no file of weights \S*{name}\. .*or weights="imagenet"\.'):
        load_weights(tp.build(plan), plan, tmp_path / name)


def test_a_file_of_another_kind_names_the_kinds(tmp_path: Path) -> None:
    (tmp_path / "model.pth").write_bytes(b"")
    plan = tp.plan("resnet8")
    with pytest.raises(ValueError, match=r"model\.pth is not a file .* ends in \.weights\.h5, \.h5, \.keras, \.npz\."):
        load_weights(tp.build(plan), plan, tmp_path / "model.pth")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["empty", "text", "cut"])
def test_a_damaged_file_is_one_sentence(tmp_path: Path, kind: str, damage: str) -> None:
    plan = tp.plan("resnet8")
    path = saved(tp.build(plan, seed=1), tmp_path, kind)
    whole = path.read_bytes()
    path.write_bytes({"empty": b"", "text": b"no weights" * 99, "cut": whole[: len(whole) // 2]}[damage])
    with pytest.raises(ValueError, match=rf"{kind} is damaged, or not the kind of file that its name says\. Get it"):
        load_weights(tp.build(plan), plan, path)


def test_a_file_of_keras_newer_kind_needs_its_name(tmp_path: Path) -> None:
    plan = tp.plan("resnet8")
    path = saved(tp.build(plan, seed=1), tmp_path, "only.weights.h5").rename(tmp_path / "only.h5")
    with pytest.raises(ValueError, match=r"only\.h5 is damaged, or not the kind .*, or mend its name\."):
        load_weights(tp.build(plan), plan, path)


def test_archives_of_something_else_are_refused(tmp_path: Path) -> None:
    plan = tp.plan("resnet8")
    for name in ("model.keras", "arrays.npz"):
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            archive.writestr("notes.txt", "no weights")
        with pytest.raises(ValueError, match=rf"{name} (is damaged|does not fit)"):
            load_weights(tp.build(plan), plan, tmp_path / name)


class Trap:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_nothing_is_ever_unpickled(tmp_path: Path) -> None:
    plan = tp.plan("resnet8")
    sprung = tmp_path / "sprung"
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Trap(sprung)))
    np.savez(tmp_path / "object.npz", **{"conv1_conv/kernel": np.array([Trap(sprung)], object)})
    for name in ("pickle.npz", "object.npz"):
        with pytest.raises(ValueError, match=rf"{name} is damaged, or not the kind of file"):
            load_weights(tp.build(plan), plan, tmp_path / name)
    assert not sprung.exists()
