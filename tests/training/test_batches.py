import numpy as np

from tfpool import data
from tfpool.data import Part
from tfpool.training import batches


def numbered(count: int) -> Part:
    images = np.arange(count, dtype=np.uint8).reshape(count, 1, 1, 1)
    return Part(images, np.arange(count))


def epochs(part: Part, batch_size: int, seed: int, count: int) -> list[list[int]]:
    steps = -(-len(part) // batch_size)
    labels = [list(labels.numpy()) for _, labels in batches.shuffled(part, batch_size, seed, count)]
    assert len(labels) == steps * count
    return [[int(label) for batch in labels[i * steps : (i + 1) * steps] for label in batch] for i in range(count)]


def test_every_epoch_has_every_image_once_in_an_order_of_its_own() -> None:
    orders = epochs(numbered(23), batch_size=5, seed=1, count=3)
    assert all(sorted(order) == list(range(23)) for order in orders)
    assert len({tuple(order) for order in orders}) == 3


def test_the_order_follows_from_seed_and_epoch_alone() -> None:
    assert epochs(numbered(23), 5, seed=1, count=3)[:2] == epochs(numbered(23), 5, seed=1, count=2)
    assert epochs(numbered(23), 5, seed=1, count=1) != epochs(numbered(23), 5, seed=2, count=1)


def test_images_come_with_their_labels_scaled_as_networks_read_them() -> None:
    part = numbered(10)
    for images, labels in batches.shuffled(part, 4, 0, 1):
        np.testing.assert_array_equal(images, data.to_input(part.images[labels.numpy()]))
    images, labels = next(iter(batches.in_order(part, 10)))
    np.testing.assert_array_equal(labels, np.arange(10))
    np.testing.assert_array_equal(images, data.to_input(part.images))
