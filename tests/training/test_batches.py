import numpy as np

from tfpool.data import Part
from tfpool.training import batches


def numbered(count: int) -> Part:
    images = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    return Part(images, np.arange(count))


def labels(epoch: int, seed: int = 1, first: int = 0) -> list[int]:
    pairs = list(batches.shuffled(numbered(23), 5, seed, epoch, first))
    assert all(np.array_equal(images[:, 0, 0, 0], batch) for images, batch in pairs)
    assert len(pairs) == batches.steps(numbered(23), 5) - first
    return [int(label) for _, batch in pairs for label in batch]


def test_each_epoch_has_every_image_once_in_an_order_of_its_own() -> None:
    orders = [labels(epoch) for epoch in range(3)]
    assert all(sorted(order) == list(range(23)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    assert labels(epoch=2) == labels(epoch=2)
    assert labels(epoch=2) != labels(epoch=2, seed=2)


def test_an_epoch_can_resume_at_any_step() -> None:
    assert labels(epoch=1, first=3) == labels(epoch=1)[15:]
    assert labels(epoch=1, first=5) == []


def test_in_order_has_each_image_once() -> None:
    assert [int(label) for _, batch in batches.in_order(numbered(23), 5) for label in batch] == list(range(23))
