import time

import pytest

from tfpool.data.custom.file_groups import name_groups, same_group, summary
from tfpool.data.custom.listing import File


def files(*paths: str) -> list[File]:
    return [File(tuple(path.split("/")), bytes) for path in paths]


@pytest.mark.parametrize(
    ("pattern", "path", "group"),
    [
        ("{group}_*", "cat/p1_2_3.png", "p1"),
        ("*_{group}.png", "cat/p1_2.png", "2"),
        ("patient{group}-??.jpg", "sick/patient12-34.jpg", "12"),
        ("{group}/*", "sick/film 1/0001.png", "film 1"),
        ("{group}/*/*", "photos/film 1/0001.png", "photos"),
        ("{group}.png", "cat/(1)+.png", "(1)+"),
        ("{group}_*", "cat/p1.png", ""),
        ("patient([0-9]+)", "sick/patient12-34.jpg", "12"),
        ("patient[0-9]+", "sick/patient12-34.jpg", "patient12"),
        ("(?i)(P[0-9]+)_(left|right)", "eyes/p7_left_1.jpg", "p7 left"),
        ("^([^/]+)/", "sick/patient12-34.jpg", "sick"),
        ("x(?:1|(2))", "x1", ""),
    ],
)
def test_the_group_of_a_file_is_read_off_its_name(pattern: str, path: str, group: str) -> None:
    other = files("other/patient0-00_p0_left_x2.png", "x/p1_1.png", "(0).png", "patient9-99.jpg", "x2")
    assert name_groups([*files(path), *other], pattern)[0] == group


def test_groups_are_counted_the_largest_first() -> None:
    groups = name_groups(files("a/p10_1.png", "a/p2_1.png", "b/p2_2.png", "b/none.png", "a/p1_1.png"), "{group}_*")
    assert summary(groups) == [("p2", 2), ("p1", 1), ("p10", 1)]
    assert same_group(groups) == [[0], [1, 2], [4]]


@pytest.mark.parametrize(
    ("pattern", "word"),
    [
        ("(", "expression"),
        ("", "{group}"),
        ("x" * 300, "200"),
        ("{group}{group}", "once"),
        ("{group}*", "between"),
        ("film_{group}.gif", "a/p1_1.png"),
        ("nothing([0-9])", "No file"),
        (7, "7"),
    ],
)
def test_a_pattern_that_cannot_be_used_is_refused_in_one_sentence(pattern: object, word: str) -> None:
    with pytest.raises(ValueError) as error:  # noqa: PT011
        name_groups(files("a/p1_1.png"), pattern)  # type: ignore[arg-type]
    assert word in str(error.value)
    assert "\n" not in str(error.value)


def test_no_name_makes_a_simple_pattern_slow() -> None:
    hostile = files("a" * 100_000, "ab" * 50_000 + "/" + "a" * 900, "a1b")
    start = time.process_time()
    for pattern in ("*a*a*a*a*a*a*b{group}c*c", "a{group}b", "{group}a*a*a*a*a*a*b"):
        name_groups([*hostile, *files("aaaaaaaab1cc", "a1aaaaaab")], pattern)
    assert time.process_time() - start < 1
