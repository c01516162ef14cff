import numpy as np

from tfpool.training.class_weights import class_weights


def test_weights_are_those_that_scikit_learn_calls_balanced() -> None:
    labels = np.repeat([0, 1, 2, 3], [50, 7, 1, 42])
    # compute_class_weight("balanced", classes=np.arange(4), y=labels) of scikit-learn 1.9.
    np.testing.assert_allclose(class_weights(labels, 4), [0.5, 3.5714285714, 25.0, 0.5952380952], rtol=1e-6)


def test_all_classes_weigh_the_same_and_an_image_weighs_one_in_the_mean() -> None:
    labels = np.random.default_rng(0).integers(0, 5, 1000) ** 2
    weights = class_weights(labels, 20)
    of_classes = [weights[label] * (labels == label).sum() for label in set(labels)]
    np.testing.assert_allclose(of_classes, 200, rtol=1e-5)
    assert weights[labels].mean() == np.float32(1)
    assert weights[2] == 0
