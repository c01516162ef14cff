import numpy as np
import pytest
from scipy.stats import spearmanr

from tfpool.cam.metrics import agreement

RANDOM = np.random.default_rng(0)


def test_it_is_spearmans_and_blind_to_what_keeps_the_order() -> None:
    first, second = RANDOM.normal(size=(2, 4, 5, 6))
    expected = [spearmanr(one.ravel(), other.ravel()).statistic for one, other in zip(first, second, strict=True)]
    np.testing.assert_allclose(agreement(first, second), expected)
    np.testing.assert_allclose(agreement(first, np.exp(3 * first)), 1)
    np.testing.assert_allclose(agreement(first, -first), -1)


def test_a_flat_map_agrees_with_nothing() -> None:
    assert agreement(np.ones((1, 3, 3)), RANDOM.normal(size=(1, 3, 3))).tolist() == [0]
    assert agreement(np.ones((0, 3, 3)), np.ones((0, 3, 3))).shape == (0,)
    with pytest.raises(ValueError, match=r"\(1, 4, 4\)"):
        agreement(np.ones((1, 3, 3)), np.ones((1, 4, 4)))
