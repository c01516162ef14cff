import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfpool.data.custom.partition import LEFT_OUT, assign_parts, check_split
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
        first = {label: [group for group in numbers if labels[group[0]] == label] for label in set(labels)}
        for label in {int(labels[group[0]]) for group in numbers}:
            assert any((parts[group] == 0).all() for group in first[label])


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
