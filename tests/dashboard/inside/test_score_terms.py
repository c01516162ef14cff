"""The terms of scores as the browser gets them, against the model's own scores."""

import base64
from typing import Any

import numpy as np
import pytest

import tfpool as tp
from dashboard.inside.score_terms import CELLS, MAXIMUM, MEAN, MOST_MAPS, ScoreTerms, score_terms, what_a_head_reads
from dashboard.inside.score_view import content
from tests.helpers.explained_models import IMAGES, Model

NAMES = tuple(f"class {number}" for number in range(10))
PIXELS = (IMAGES[2] * 255).round().astype(np.uint8)


def random_model(head: Any, network: str = "resnet8") -> Model:
    model = tp.build(tp.plan(network, head=head, input_shape=(28, 28, 1)), seed=4)
    random = np.random.default_rng(2)
    for weight in model.trainable_variables:
        if weight.name == "bias":
            weight.assign(random.normal(size=weight.shape) * 0.1)
    return model


def terms_of(model: Model, label: int | None = None) -> ScoreTerms:
    return score_terms(tp.Explainer(model, "hirescam"), what_a_head_reads(model), IMAGES[2:3], NAMES, label)


def floats(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), "<f4").astype(np.float64)


def parts(sent: dict[str, Any], chosen: dict[str, Any]) -> list[np.ndarray]:
    """What each map adds at each cell, computed as the browser does."""
    maps = [floats(sent["activations"][number]) for number in chosen["maps"]]
    weights = floats(chosen["weights"]).reshape(len(maps), -1)
    rest = [floats(chosen["rest"])] if chosen["rest"] else []
    return [values * own for values, own in zip(maps, weights, strict=True)] + rest


@pytest.mark.parametrize("head", ["gap", "gmp", "flatten", "nin", "avgmax", "adaptiveavg", "fc", "gem"])
def test_what_is_sent_adds_up_to_the_models_own_scores(head: str) -> None:
    model = random_model(tp.FC(units=(16,)) if head == "fc" else head)
    own = model(IMAGES[2:3], training=False).numpy()[0]
    sent = content(terms_of(model), PIXELS, "a picture")
    assert [each["number"] for each in sent["classes"]] == list(np.argsort(-own)[:5])
    for chosen in sent["classes"]:
        total = chosen["bias"] + sum(part.sum() for part in parts(sent, chosen)) + chosen["left"]
        score = own[chosen["number"]]
        assert chosen["score"] == pytest.approx(score, rel=1e-5, abs=1e-6)
        assert total == pytest.approx(score, abs=1e-4 * max(1, abs(score)))
        if head not in ("fc", "gem"):
            assert chosen["left"] == pytest.approx(0, abs=1e-4 * max(1, abs(score)))
    assert sum(each["probability"] for each in sent["classes"]) <= 1 + 1e-6


def test_a_head_with_a_hidden_layer_leaves_something_over() -> None:
    terms = terms_of(random_model(tp.FC(units=(16,))))
    assert terms.reads == (CELLS, False, 0)
    assert max(abs(each.left) for each in terms.classes) > 1e-3


@pytest.mark.parametrize(("head", "reads"), [("gap", MEAN), ("gmp", MAXIMUM), ("flatten", CELLS), ("nin", MEAN)])
def test_what_a_head_reads_of_a_map_times_its_weight_is_what_the_map_adds(head: str, reads: str) -> None:
    model = random_model(head)
    weights = {"gap": 64, "gmp": 64, "flatten": 64 * 49, "nin": 0}[head]
    assert what_a_head_reads(model) == (reads, True, weights)
    terms = terms_of(model)
    first = terms.classes[0]
    maps = np.moveaxis(terms.activations[..., first.maps], -1, 0)
    added = (maps * first.weights).sum(axis=(1, 2))
    if reads != CELLS:
        read = maps.mean(axis=(1, 2)) if reads == MEAN else maps.max(axis=(1, 2))
        np.testing.assert_allclose(read * first.weights.sum(axis=(1, 2)), added, atol=1e-5)
    if head == "gap":
        kernel = model.layers[-1].kernel.numpy()[first.maps, first.number]
        np.testing.assert_allclose(first.weights.sum(axis=(1, 2)), kernel, atol=1e-6)
    assert (np.diff(np.abs(added)) <= 1e-6).all()


def test_heads_of_several_branches_read_cells() -> None:
    assert {what_a_head_reads(random_model(head)).of for head in ("avgmax", "spp", "adaptiveavg", "fc")} == {CELLS}


def test_of_many_maps_the_rest_is_summed() -> None:
    model = random_model("gap", "nin_cifar")
    terms = terms_of(model)
    assert terms.activations.shape[-1] == 192
    for each in terms.classes:
        assert len(each.maps) == MOST_MAPS
        assert np.abs(each.rest).sum() > 0
        shown = terms.activations[..., each.maps] * np.moveaxis(each.weights, 0, -1)
        assert each.bias + shown.sum() + each.rest.sum() == pytest.approx(each.score, abs=1e-4)


def test_weights_of_gap_are_sent_once_per_map_and_those_of_flatten_for_each_cell() -> None:
    sent = {head: content(terms_of(random_model(head)), PIXELS, "a picture") for head in ("gap", "flatten")}
    sizes = {head: len(floats(each["classes"][0]["weights"])) for head, each in sent.items()}
    assert sizes == {"gap": 64, "flatten": 64 * 49}


def test_the_true_class_can_be_asked_for_even_if_it_is_unlikely() -> None:
    model = random_model("gap")
    least = int(model(IMAGES[2:3], training=False).numpy()[0].argmin())
    terms = terms_of(model, least)
    assert [each.number for each in terms.classes][5:] == [least]
    assert len(terms_of(model, terms.classes[0].number).classes) == 5
