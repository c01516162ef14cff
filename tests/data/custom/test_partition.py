import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfpool.data.custom.partition import LEFT_OUT, assign_parts, check_split, connected
from tfpool.data.custom.safe_names import clean, distinct_names, slug
from tfpool.data.dataset import PARTS

FRACTIONS = (0.7, 0.15, 0.15)


def singles(number: int) -> list[list[int]]:
    return [[index] for index in range(number)]


@pytest.mark.parametrize("count", [3, 4, 10, 100, 1001])
def test_each_class_is_split_in_the_same_fractions(count: int) -> None:
    labels = np.repeat([0, 1, 2], count)
    parts = assign_parts(labels, singles(3 * count), FRACTIONS, 0)
    for label in range(3):
        numbers = np.bincount(parts[labels == label], minlength=3)
        assert (numbers >= 1).all()
        np.testing.assert_allclose(numbers, np.array(FRACTIONS) * count, atol=1.1)


@settings(deadline=None, max_examples=50)
@given(
    groups=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), min_size=1, max_size=40),
    train=st.floats(0.01, 0.98),
    seed=st.integers(0, 5),
    ways=st.lists(st.sampled_from(PARTS), min_size=1, max_size=9),
    has_parts=st.booleans(),
)
def test_equal_pictures_stay_together_and_every_class_is_in_train(
    groups: list[list[int]], train: float, seed: int, ways: list[str], has_parts: bool
) -> None:
    labels = np.concatenate(groups)
    numbers = np.split(np.arange(len(labels)), np.cumsum([len(group) for group in groups])[:-1])
    fractions = (train, (1 - train) / 2, (1 - train) / 2)
    fixed = [ways[index % len(ways)] for index in range(len(labels))] if has_parts else []
    parts = assign_parts(labels, [list(group) for group in numbers], fractions, seed, fixed)
    for group in numbers:
        assert len(set(parts[group]) - {LEFT_OUT}) == 1
    if has_parts:
        for index, part in enumerate(fixed):
            # Fixed images stay, except that absent parts are drawn from train.
            absent = part == "train" and PARTS[max(parts[index], 0)] not in fixed
            assert parts[index] in (PARTS.index(part), LEFT_OUT) or absent
    else:
        assert (parts != LEFT_OUT).all()
        assert set(labels[parts == 0]) == set(labels)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("of_a_patient", [1, 4, 20])
def test_patients_stay_together_and_parts_keep_their_size(of_a_patient: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 2, 400)
    patients = np.split(np.random.default_rng(seed + 9).permutation(400), 400 // of_a_patient)
    parts = assign_parts(labels, singles(400), FRACTIONS, seed, together=patients)
    assert all(len(set(parts[patient])) == 1 for patient in patients)
    for label in range(2):
        numbers = np.bincount(parts[labels == label], minlength=3)
        expected = np.array(FRACTIONS) * (labels == label).sum()
        np.testing.assert_allclose(numbers[1:], expected[1:], atol=of_a_patient + 2)


def test_three_patients_of_a_class_are_in_three_parts() -> None:
    labels, patients = np.repeat([0, 1], 60), np.split(np.arange(120), 6)
    parts = assign_parts(labels, singles(120), FRACTIONS, 0, together=patients)
    assert [sorted(parts[start : start + 60 : 20].tolist()) for start in (0, 60)] == [[0, 1, 2]] * 2


def test_what_belongs_to_a_given_test_image_is_not_drawn_into_the_validation() -> None:
    fixed = ["train"] * 40 + ["test"] * 10
    together = [[index, 40 + index] for index in range(10)]
    parts = assign_parts(np.zeros(50, int), singles(50), FRACTIONS, 0, fixed, together)
    assert (parts[40:] == 2).all()
    assert (parts[:10] == 0).all()
    assert np.bincount(parts, minlength=3).tolist() == [35, 5, 10]


def test_groups_with_an_index_in_common_are_one() -> None:
    assert connected([[4], [2, 3], [0, 2], [5, 1], [1, 4]]) == [[0, 2, 3], [1, 4, 5]]


def test_fractions_may_be_percentages() -> None:
    assert check_split((70, 15, 15)) == check_split(FRACTIONS) == FRACTIONS


@settings(deadline=None, max_examples=50)
@given(st.text())
def test_any_text_becomes_a_name_to_show_and_a_name_of_a_folder(text: str) -> None:
    cleaned = clean(text)
    assert len(cleaned) <= 80
    assert cleaned == clean(cleaned) or len(text) > 80
    assert "\n" not in cleaned
    name = slug(text, ["images", "a"])
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name not in ("images", "a")
    assert not name.startswith("-")


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=3), max_size=30))
def test_names_are_distinct(texts: list[str]) -> None:
    names = distinct_names(texts, "unnamed")
    assert len(set(names)) == len(texts)
    assert all(names)
