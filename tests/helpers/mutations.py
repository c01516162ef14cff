"""Random mutations of images, zips and tables: each is read, or refused in one sentence, and nothing lands outside.

python -m tests.helpers.mutations --count 1000 --seed 0
"""

from __future__ import annotations

import argparse
import gc
import os
import random
import resource
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

from tests.helpers.mutated_files import MAKERS, OUT
from tfpool import data
from tfpool.inference.classifier import Classifier
from tfpool.inference.classify_files import classify_files

MOST_CHARACTERS = 1200
"""A message is one or two sentences with a few examples."""
MOST_MEGABYTES = 1500
"""More memory than before than a mutation may ever take."""


class Sums(Classifier):
    """A classifier that needs no model: the probability of a class is the fraction of its color."""

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        sums = images.astype(np.float32).sum(axis=(1, 2)) + 1
        return sums / sums.sum(axis=1, keepdims=True)


def uses(path: Path, sets: Path) -> Iterator[tuple[str, Callable[[], object]]]:
    """By name, each way to use what was brought."""
    yield "check", lambda: data.inspect(path)
    yield "add", lambda: data.add(path, "mutated", 8, folder=sets)
    readings: list[str] = []

    def read() -> None:
        readings.extend(key for key, *_ in data.inspect(path).readings)

    # What goes wrong here went wrong above.
    with suppress(Exception):
        read()
    for key in readings[:3]:
        yield f"add {key}", lambda key=key: data.add(path, "chosen", 8, folder=sets, reading=key)
    names = ("red", "green", "blue")
    classifier = Sums("sums", (8, 8, 3), names, lambda: None, lambda x: x)  # type: ignore[arg-type,return-value]
    yield "classify", lambda: classify_files(classifier, [str(path)], 3, sorted_folder=sets / "sorted")


def with_message(work: Callable[[], object]) -> str | None:
    """The message that work ends with, None without one."""
    try:
        work()
    except ValueError as error:
        return str(error)
    return None


@contextmanager
def quiet_descriptors() -> Iterator[Callable[[], str]]:
    """What libraries print past Python, such as libtiff."""
    with tempfile.TemporaryFile("w+") as file:
        kept = os.dup(2)
        os.dup2(file.fileno(), 2)
        try:
            yield lambda: (file.seek(0), file.read())[1]
        finally:
            os.dup2(kept, 2)
            os.close(kept)


def try_mutation(seed: int, number: int) -> tuple[str, list[str]]:
    """The kind of a mutation, and what is wrong with how it was treated: one line each."""
    source = random.Random(f"{seed} {number}")
    kind = list(MAKERS)[number % len(MAKERS)]
    faults = []
    with tempfile.TemporaryDirectory(prefix="tfpool-mutation-") as root, quiet_descriptors() as printed:
        folder = Path(root, "in")
        folder.mkdir()
        sets = Path(root, "sets")
        path = folder / ("brought.zip" if kind == "zip" else "brought")
        MAKERS[kind](path, source)
        before = sizes(folder)
        for name, work in uses(path, sets):
            try:
                message = with_message(work)
            except Exception:
                faults.append(f"{name}: {traceback.format_exc().strip()}")
                continue
            if message is None:
                continue
            if not message.strip() or "\n" in message or len(message) > MOST_CHARACTERS or message[-1] not in ".!?…)":
                faults.append(f"{name}: no sentence: {message[:300]!r} ({len(message)} characters)")
        if sizes(folder) != before:
            faults.append("what was brought has changed")
        near = (Path(root, OUT), Path(root).parent / OUT, Path(OUT), Path("..", OUT))
        if {each.name for each in Path(root).iterdir()} - {"in", "sets"} or any(map(Path.exists, near)):
            faults.append("something lies outside of the data folder")
        if text := printed():
            faults.append(f"a library printed {text[:200]!r}")
    return kind, faults


def sizes(folder: Path) -> dict[Path, int]:
    return {each: each.lstat().st_size for each in folder.rglob("*")}


def megabytes() -> float:
    """The most memory that this process has had."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000


def check(count: int, seed: int, first: int = 0, report: Callable[[str], None] = lambda text: None) -> Counter[str]:
    """Try mutations from the number `first` on; how many there were of each kind.

    Raises:
        AssertionError: with all that is wrong, and the numbers to try again.
    """
    kinds: Counter[str] = Counter()
    wrong: list[str] = []
    start = megabytes()
    for number in range(first, first + count):
        kind, faults = try_mutation(seed, number)
        kinds[kind] += 1
        wrong += [f"--seed {seed} --first {number} --count 1, {kind}, {fault}" for fault in faults]
        for fault in faults:
            report(f"{number} {kind}: {fault}")
        if number % 100 == 99:
            gc.collect()
            report(f"{number + 1} tried, {len(wrong)} faults, {megabytes():,.0f} MB at most")
    grown = megabytes() - start
    if grown > MOST_MEGABYTES:
        wrong.append(f"memory has grown by {grown:,.0f} MB")
    assert not wrong, "\n".join(wrong)
    return kinds


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    for option, default in (("--count", 1000), ("--seed", 0), ("--first", 0)):
        parser.add_argument(option, type=int, default=default)
    args = parser.parse_args()
    print(dict(check(args.count, args.seed, args.first, lambda text: print(text, flush=True))))
