import numpy as np
import pytest

from tfpool import data
from tfpool.data.builtin import fashion_mnist, positions


def test_a_centered_object_is_the_original_at_half_its_size_with_room_around() -> None:
    images, original = data.load("centred"), fashion_mnist.bundled()
    assert images.image_shape == (32, 32, 1)
    for name, part in images.parts.items():
        np.testing.assert_array_equal(part.labels, original.parts[name].labels)
        inside = part.images[:, positions.ROOM : -positions.ROOM, positions.ROOM : -positions.ROOM]
        assert part.images.sum(dtype=np.int64) == inside.sum(dtype=np.int64) > 0
    squares = original.test.images[7, ..., 0].reshape(14, 2, 14, 2).astype(int)
    np.testing.assert_array_equal(images.test.images[7, 9:23, 9:23, 0], squares.sum(axis=(1, 3)) // 4)


@pytest.mark.parametrize("region", positions.REGIONS)
def test_the_class_of_quadrants_is_where_the_object_lies(region: str) -> None:
    images = positions.quadrants(region)
    assert images.class_names == ("top left", "top right", "bottom left", "bottom right")
    for part in images.parts.values():
        weights = part.images[..., 0].astype(np.int64)
        halves = np.stack([weights[:, :16, :16], weights[:, :16, 16:], weights[:, 16:, :16], weights[:, 16:, 16:]], 1)
        total = halves.sum(axis=(2, 3))
        is_visible = total.sum(axis=1) > 0
        np.testing.assert_array_equal(total.argmax(axis=1)[is_visible], part.labels[is_visible])
        assert ((total > 0).sum(axis=1) <= 1).all()
        assert np.bincount(part.labels).min() > 0.2 * len(part)


def test_no_place_of_one_region_is_in_the_other() -> None:
    def corners(region: str) -> set[tuple[int, int]]:
        part = positions.quadrants(region).test
        full = part.images[part.images[..., 0].astype(int).sum(axis=(1, 2)) > 0]
        rows, columns = (np.argmax(full.any(axis=(axis, 3)), axis=1) for axis in (2, 1))
        bright = (full > 0).sum(axis=(1, 2, 3)) > 40
        return set(zip(rows[bright].tolist(), columns[bright].tolist(), strict=True))

    outer, inner = corners("outer"), corners("inner")
    assert outer
    assert inner
    # Objects that fill their square lie 0 to 3 pixels from the canvas's border, or 6 to 9.
    assert {(row, column) for row, column in outer if row < 16 and column < 16 and row <= 3 and column <= 3}
    assert not {place for place in inner if min(place) < 4}


def test_the_same_images_are_made_anywhere() -> None:
    assert data.load("centred").fingerprint.startswith("c04bacf2")
    assert data.load("quadrants").fingerprint.startswith("258d747c")
    with pytest.raises(ValueError, match="middle"):
        positions.quadrants("middle")
