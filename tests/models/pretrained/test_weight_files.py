"""Weights load from every kind of file into the backbone and a head that fits, or are refused with one error."""

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
"""Files that hold a model's weights; the last but one is how Keras 2 named its own."""
EXHAUSTIVE = pytest.mark.exhaustive


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


@pytest.fixture(scope="module")
def plan() -> Plan:
    return tp.plan("resnet8")


@pytest.fixture(scope="module")
def source(plan: Plan) -> keras.Model:
    """A model of `plan` whose moving statistics are not those of a fresh model. Do not change it."""
    model = tp.build(plan, seed=1)
    model.set_weights([value + 0.5 for value in model.get_weights()])
    return model


@pytest.fixture(scope="module")
def files(source: keras.Model, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The weights of `source` in a file of each kind."""
    folder = tmp_path_factory.mktemp("files")
    return {kind: saved(source, folder, kind) for kind in KINDS}


@pytest.fixture(scope="module")
def target(plan: Plan) -> keras.Model:
    """A model that is only asked to load what it refuses."""
    return tp.build(plan, seed=2)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_file_gives_all_weights_back(
    kind: str, plan: Plan, source: keras.Model, files: dict[str, Path]
) -> None:
    model = tp.build(plan, seed=2)
    load_weights(model, plan, str(files[kind]) if "h5" in kind else files[kind])
    assert same(model.get_weights(), source.get_weights())


@pytest.mark.parametrize(
    ("kind", "head"),
    [(kind, tp.FC((16, 32))) for kind in KINDS]
    + [pytest.param(kind, head, marks=EXHAUSTIVE) for kind in KINDS for head in (tp.Flatten(), "nin", "no head")],
    ids=str,
)
def test_a_file_of_another_head_gives_the_backbone_and_leaves_the_head(
    tmp_path: Path, kind: str, head: str | tp.Flatten
) -> None:
    if head == "no head":
        plan = tp.plan("resnet8")
        whole = tp.build(plan, seed=1)
        source = keras.Model(whole.inputs[0], whole.get_layer(plan.features.name).output)
    else:
        source = tp.build(tp.plan("resnet8", head=head, classes=7), seed=1)
    # The first dense layer fits that of the source with the FC head, the second does not.
    plan = tp.plan("resnet8", head=tp.FC((16, 24)), classes=7)
    model, before = tp.build(plan, seed=2), tp.build(plan, seed=2)
    load_weights(model, plan, saved(source, tmp_path, kind))
    parts = {row.name: row.part for row in plan.rows if row.params}
    for name, part in parts.items():
        expected = (source if part == "backbone" else before).get_layer(name).get_weights()
        assert same(model.get_layer(name).get_weights(), expected), name


DEEPER, GRAY, NARROW = tp.plan("resnet14"), tp.plan("resnet8", input_shape=(32, 32, 1)), tp.plan("resnet8", width=0.5)


@pytest.mark.parametrize(
    ("kind", "other"),
    [(kind, DEEPER) for kind in KINDS]
    + [("whole.keras", GRAY), ("whole.h5", NARROW)]
    + [pytest.param(kind, other, marks=EXHAUSTIVE) for kind in KINDS for other in (GRAY, NARROW)],
    ids=lambda value: value if isinstance(value, str) else f"{value.backbone}-{value.input_shape}-{value.settings}",
)
def test_a_file_of_another_backbone_does_not_fit(
    tmp_path: Path, kind: str, other: Plan, plan: Plan, target: keras.Model
) -> None:
    path = saved(tp.build(other, seed=1), tmp_path, kind)
    with pytest.raises(ValueError, match="resnet8"):
        load_weights(target, plan, path)


def test_the_first_layer_that_does_not_fit_is_named_and_nothing_is_loaded(tmp_path: Path, plan: Plan) -> None:
    path = saved(tp.build(DEEPER, seed=1), tmp_path, "whole.h5")
    model = tp.build(plan, seed=2)
    before = model.get_weights()
    with pytest.raises(ValueError, match=r"conv3_block1_1_conv.*16, 32\).*16, 16\).*conv2_block2_1_conv"):
        load_weights(model, plan, path)
    assert same(model.get_weights(), before)


def test_a_file_with_too_few_layers_names_the_missing_one(tmp_path: Path, plan: Plan, target: keras.Model) -> None:
    np.savez(tmp_path / "few.npz", **{"conv1_conv/kernel": np.zeros((3, 3, 3, 16), np.float32)})
    with pytest.raises(ValueError, match=r"conv1_bn.*\(16,\)"):
        load_weights(target, plan, tmp_path / "few.npz")


def test_arrays_go_by_the_names_of_their_layers(
    tmp_path: Path, plan: Plan, source: keras.Model, target: keras.Model
) -> None:
    layers = weights(source)
    # Two layers of equal shapes change places.
    order = list(layers)
    first, second = order.index("conv2_block1_1_conv"), order.index("conv2_block1_2_conv")
    order[first], order[second] = order[second], order[first]
    arrays = {f"{name}/{number}": value for name in order for number, value in enumerate(layers[name])}
    np.savez(tmp_path / "swapped.npz", **arrays)
    with pytest.raises(ValueError, match=r"conv2_block1_1_conv takes .* conv2_block1_2_conv"):
        load_weights(target, plan, tmp_path / "swapped.npz")


@pytest.mark.parametrize("name", ["imagnet", "missing.h5", "folder.h5"])
def test_a_missing_file_is_named(tmp_path: Path, name: str, plan: Plan, target: keras.Model) -> None:
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(ValueError, match=name):
        load_weights(target, plan, tmp_path / name)


def test_a_file_of_another_kind_is_told_the_suffixes(tmp_path: Path, plan: Plan, target: keras.Model) -> None:
    (tmp_path / "model.pth").write_bytes(b"")
    with pytest.raises(ValueError, match=r"model\.pth .*\.weights\.h5, \.h5, \.keras, \.npz"):
        load_weights(target, plan, tmp_path / "model.pth")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("damage", ["empty", "text", "cut"])
def test_a_damaged_file_is_one_error(
    tmp_path: Path, kind: str, damage: str, plan: Plan, target: keras.Model, files: dict[str, Path]
) -> None:
    whole, path = files[kind].read_bytes(), tmp_path / kind
    path.write_bytes({"empty": b"", "text": b"no weights" * 99, "cut": whole[: len(whole) // 2]}[damage])
    with pytest.raises(ValueError, match=f"{kind} is damaged"):
        load_weights(target, plan, path)


def test_a_file_of_keras_newer_kind_needs_its_suffix(
    tmp_path: Path, plan: Plan, target: keras.Model, files: dict[str, Path]
) -> None:
    path = tmp_path / "only.h5"
    path.write_bytes(files["only.weights.h5"].read_bytes())
    with pytest.raises(ValueError, match=r"only\.h5 is damaged"):
        load_weights(target, plan, path)


@pytest.mark.parametrize("name", ["model.keras", "arrays.npz"])
def test_archives_of_something_else_are_refused(tmp_path: Path, name: str, plan: Plan, target: keras.Model) -> None:
    with zipfile.ZipFile(tmp_path / name, "w") as archive:
        archive.writestr("notes.txt", "no weights")
    with pytest.raises(ValueError, match=name):
        load_weights(target, plan, tmp_path / name)


class Trap:
    """Writes a file where it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.path,)


def test_nothing_is_ever_unpickled(tmp_path: Path, plan: Plan, target: keras.Model) -> None:
    sprung = tmp_path / "sprung"
    (tmp_path / "pickle.npz").write_bytes(pickle.dumps(Trap(sprung)))
    np.savez(tmp_path / "object.npz", **{"conv1_conv/kernel": np.array([Trap(sprung)], object)})
    for name in ("pickle.npz", "object.npz"):
        with pytest.raises(ValueError, match=f"{name} is damaged"):
            load_weights(target, plan, tmp_path / name)
    assert not sprung.exists()
