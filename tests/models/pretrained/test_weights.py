from pathlib import Path

import keras
import numpy as np
import pytest

import tfpool as tp
from tfpool.counting.plan import Plan
from tfpool.data.images import read_image
from tfpool.models.pretrained import decode_predictions, load_weights, preprocess_input, weights
from tfpool.models.pretrained.applications import BUNDLED

CATS = {"tabby", "tiger cat", "Persian cat", "Siamese cat", "Egyptian cat"}


def image(name: str) -> np.ndarray:
    """uint8 (1, 227, 227, 3): a bundled photograph, or a computed pattern that does not depend on a JPEG decoder."""
    if name == "waves":
        y, x, channel = np.indices((227, 227, 3))
        return np.uint8((x * (channel + 1) + y * y // (5 + channel)) % 256)[None]
    return read_image(BUNDLED / "photographs" / f"{name}.jpg", (227, 227, 3))[None]


@pytest.fixture(scope="module")
def squeezenet() -> keras.Model:
    """From images of any size to logits. Do not change its weights."""
    return tp.build(tp.plan("squeezenet", input_shape=(None, None, 3)), weights="imagenet")


def probabilities(model: keras.Model, photographs: np.ndarray) -> np.ndarray:
    return keras.ops.softmax(model(preprocess_input("squeezenet", photographs)))


def test_squeezenet_names_the_photographs_of_coffee_and_of_a_cat(squeezenet: keras.Model) -> None:
    photographs = np.concatenate([image("coffee"), image("cat")])
    coffee, cat = decode_predictions(probabilities(squeezenet, photographs), top=3)
    assert coffee[0][0] == "espresso"
    assert coffee[0][1] == pytest.approx(0.981, abs=0.01)
    assert cat[0] == ("Egyptian cat", pytest.approx(0.368, abs=0.05))
    assert {name for name, _ in cat} <= CATS


# The five highest logits from a forward pass without Keras: the NumPy layers of the Python package ndf 0.1.4 with the
# same float16 weights, assembled as in the authors' deploy.prototxt (conv1 without padding, poolings whose last window
# may exceed the map, ReLU after conv10).
INDEPENDENT = {
    "waves": {791: 15.36937, 879: 14.62501, 837: 14.21093, 443: 14.03446, 775: 13.78545},
    "coffee": {967: 34.96776, 925: 30.93359, 809: 27.59833, 968: 27.45395, 504: 26.01744},
    "cat": {285: 33.91896, 281: 33.77917, 282: 33.73724, 287: 29.38756, 293: 26.23831},
}


@pytest.mark.parametrize("name", INDEPENDENT)
def test_squeezenet_gives_the_logits_of_an_independent_forward_pass(name: str, squeezenet: keras.Model) -> None:
    logits = squeezenet(preprocess_input("squeezenet", image(name))).numpy()[0]
    expected = INDEPENDENT[name]
    assert list(np.argsort(-logits)[:5]) == list(expected)
    np.testing.assert_allclose(logits[list(expected)], list(expected.values()), atol=1e-4 if name == "waves" else 0.05)


def test_squeezenet_takes_photographs_of_any_size(squeezenet: keras.Model) -> None:
    larger = read_image(BUNDLED / "photographs" / "coffee.jpg", (300, 450, 3))[None]
    assert decode_predictions(probabilities(squeezenet, larger))[0][0][0] == "espresso"


@pytest.mark.parametrize("settings", [{"head": "gap"}, {"head": tp.FC((16,))}, {"classes": 7}], ids=str)
def test_another_head_is_not_changed_on_the_pretrained_backbone(
    settings: dict[str, object], squeezenet: keras.Model
) -> None:
    plan = tp.plan("squeezenet", **({"input_shape": (64, 64, 3)} | settings))  # type: ignore[arg-type]
    model, before = tp.build(plan, seed=1), tp.build(plan, seed=1)
    load_weights(model, plan, "imagenet")
    parts = {row.name: row.part for row in plan.rows if row.params}
    assert set(parts.values()) == {"backbone", "head"}
    for name, part in parts.items():
        expected = (squeezenet if part == "backbone" else before).get_layer(name).get_weights()
        assert all(map(np.array_equal, model.get_layer(name).get_weights(), expected))


def test_damaged_bundled_weights_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    copy = tmp_path / "squeezenet_imagenet.npz"
    monkeypatch.setattr(weights, "SQUEEZENET", copy)
    plan = tp.plan("squeezenet")
    with pytest.raises(ValueError, match="missing"):
        tp.build(plan, weights="imagenet")
    copy.write_bytes((BUNDLED / copy.name).read_bytes()[:-1])
    (tmp_path / f"{copy.name}.sha256").write_bytes((BUNDLED / f"{copy.name}.sha256").read_bytes())
    with pytest.raises(ValueError, match="7d138069"):
        tp.build(plan, weights="imagenet")


@pytest.mark.parametrize(
    ("plan", "weights", "message"),
    [
        (tp.plan("resnet8"), "imagenet", "squeezenet, resnet50"),
        (tp.plan("squeezenet", input_shape=(64, 64, 1)), "imagenet", "3 channels"),
        (tp.plan("resnet50", input_shape=(64, 64, 3), width=0.25, output_stride=16), "imagenet", r"width=0\.25"),
        (tp.plan("resnet8"), True, "True"),
    ],
    ids=["network", "channels", "width", "type"],
)
def test_weights_that_do_not_exist_or_fit_are_refused(plan: Plan, weights: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_weights(tp.build(plan), plan, weights)
