"""The terms of a score: what each channel adds at each position."""

import keras
import numpy as np
import pytest

import tfpool as tp
from tests.helpers.explained_models import IMAGES, Model, bias_of, close, scores_of
from tfpool.cam.targets import Contrast


def test_the_terms_and_the_bias_are_the_score(gap: Model, flatten: Model) -> None:
    for model in (gap, flatten):
        explainer = tp.Explainer(model, "hirescam")
        terms = explainer.terms(IMAGES[2], 3)
        close(terms.products.sum(axis=-1), explainer(IMAGES[2], 3).heatmaps[0])
        targets = np.full(6, 3)
        assert terms.score == pytest.approx(scores_of(model, targets)[2], rel=1e-5)
        assert terms.bias == pytest.approx(bias_of(model, targets)[2], abs=1e-6)
        assert terms.left == pytest.approx(0, abs=1e-4 * abs(terms.score))


def test_the_terms_of_several_classes_are_those_of_each(flatten: Model) -> None:
    explainer = tp.Explainer(flatten, "hirescam")
    for number, terms in zip((3, 0, 9), explainer.terms_of_classes(IMAGES[2], (3, 0, 9)), strict=True):
        alone = explainer.terms(IMAGES[2], number)
        close(terms.products, alone.products)
        assert (terms.score, terms.bias) == pytest.approx((alone.score, alone.bias), rel=1e-5, abs=1e-6)


def test_the_terms_of_the_likeliest_classes_come_of_one_pass_with_all_scores(flatten: Model) -> None:
    explainer = tp.Explainer(flatten, "hirescam")
    own = flatten(IMAGES[2:3], training=False).numpy()[0]
    order = [int(number) for number in np.argsort(-own)]
    terms, scores = explainer.likeliest_terms(IMAGES[2], 3, also=order[-1])
    np.testing.assert_allclose(scores, own, rtol=1e-5)
    assert list(terms) == [*order[:3], order[-1]]
    for number, each in terms.items():
        alone = explainer.terms(IMAGES[2], number)
        close(each.products, alone.products)
        assert (each.score, each.bias) == pytest.approx((alone.score, alone.bias), rel=1e-5, abs=1e-6)
    # A class that is among them is not there twice, and there are no more classes than the model has.
    assert list(explainer.likeliest_terms(IMAGES[2], 3, also=order[1])[0]) == order[:3]
    assert list(explainer.likeliest_terms(IMAGES[2], 99)[0]) == order
    np.testing.assert_allclose(
        explainer.to_probabilities(scores[np.newaxis]), explainer.probabilities(IMAGES[2]), rtol=1e-5
    )


def test_for_gap_a_weight_is_the_heads_own_at_every_position(gap: Model) -> None:
    terms = tp.Explainer(gap, "cam").terms(IMAGES[0], Contrast(3, 5))
    kernel = gap.layers[-1].kernel.numpy()
    close(terms.weights, np.broadcast_to((kernel[:, 3] - kernel[:, 5]) / 49, terms.weights.shape))


def test_the_strongest_channels_come_first_whether_for_or_against(gap: Model) -> None:
    terms = tp.Explainer(gap, "cam").terms(IMAGES[0])
    strengths = np.abs(terms.products[2, 4])
    order = terms.strongest(2, 4, 10)
    np.testing.assert_allclose(strengths[order], np.sort(strengths)[::-1][:10])
    assert len(terms.strongest(2, 4, 999)) == terms.products.shape[-1]


def test_a_nonlinear_head_leaves_a_rest_of_the_score(gap: Model) -> None:
    pooled = gap.layers[-2].output
    hidden = keras.layers.Dense(8, activation="tanh", kernel_initializer=keras.initializers.HeNormal(5))
    out = keras.layers.Dense(10, kernel_initializer=keras.initializers.HeNormal(6))
    bent = keras.Model(gap.inputs[0], out(hidden(pooled)))
    terms = tp.Explainer(bent, "hirescam").terms(IMAGES[0], 3)
    assert terms.bias == 0
    assert abs(terms.left) > 0.01
    assert terms.total + terms.left == pytest.approx(terms.score)


def test_terms_are_those_of_one_image(gap: Model) -> None:
    with pytest.raises(ValueError, match="6"):
        tp.Explainer(gap).terms(IMAGES)
