import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tfpool.data.custom.partition import LEFT_OUT, checked_shares, stratified
from tfpool.data.custom.safe_names import clean, distinct, slug
from tfpool.data.dataset import PARTS

SHARES = (0.7, 0.15, 0.15)


def alone(number: int) -> list[list[int]]:
    return [[each] for each in range(number)]


@pytest.mark.parametrize("count", [3, 4, 10, 100, 1001])
def test_each_class_is_split_in_the_same_shares(count: int) -> None:
    labels = np.repeat([0, 1, 2], count)
    parts = stratified(labels, alone(3 * count), SHARES, 0)
    for label in range(3):
        numbers = np.bincount(parts[labels == label], minlength=3)
        assert (numbers >= 1).all()
        np.testing.assert_allclose(numbers, np.array(SHARES) * count, atol=1.1)


@settings(deadline=None)
@given(
    groups=st.lists(st.lists(st.integers(0, 4), min_size=1, max_size=6), min_size=1, max_size=40),
    train=st.floats(0.01, 0.98),
    seed=st.integers(0, 5),
    ways=st.lists(st.sampled_from(PARTS), min_size=1, max_size=9),
    is_given=st.booleans(),
)
def test_equal_pictures_stay_together_and_every_class_is_taught(
    groups: list[list[int]], train: float, seed: int, ways: list[str], is_given: bool
) -> None:
    labels = np.concatenate(groups)
    numbers = np.split(np.arange(len(labels)), np.cumsum([len(group) for group in groups])[:-1])
    shares = (train, (1 - train) / 2, (1 - train) / 2)
    known = [ways[index % len(ways)] for index in range(len(labels))] if is_given else []
    parts = stratified(labels, [list(each) for each in numbers], shares, seed, known)
    for group in numbers:
        assert len(set(parts[group]) - {LEFT_OUT}) == 1
    if is_given:
        for index, part in enumerate(known):
            # What was given is kept, but train may give to a part that was not given.
            absent = part == "train" and PARTS[max(parts[index], 0)] not in known
            assert parts[index] in (PARTS.index(part), LEFT_OUT) or absent
    else:
        assert (parts != LEFT_OUT).all()
        first = {label: [group for group in numbers if labels[group[0]] == label] for label in set(labels)}
        for label in {int(labels[group[0]]) for group in numbers}:
            assert any((parts[group] == 0).all() for group in first[label])


def test_shares_may_be_parts_of_a_hundred() -> None:
    assert checked_shares((70, 15, 15)) == checked_shares(SHARES) == SHARES


@given(st.text())
def test_any_text_becomes_a_name_that_can_be_shown_and_a_folder_that_is_one(text: str) -> None:
    shown = clean(text)
    assert len(shown) <= 80
    assert shown == clean(shown) or len(text) > 80
    assert "\n" not in shown
    name = slug(text, ["images", "a"])
    assert set(name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert name not in ("images", "a")
    assert not name.startswith("-")


@given(st.lists(st.text(max_size=3), max_size=30))
def test_names_are_told_apart(texts: list[str]) -> None:
    names = distinct(texts, "unnamed")
    assert len(set(names)) == len(texts)
    assert all(names)
