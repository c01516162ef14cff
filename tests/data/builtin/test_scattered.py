import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest

from tfpool import data
from tfpool.data.builtin import fashion_mnist, scattered


def test_each_object_is_inside_its_box() -> None:
    original, images = fashion_mnist.bundled(), data.load("scattered")
    assert images.class_names == original.class_names
    assert images.image_shape == (64, 64, 1)
    for name, part in images.parts.items():
        assert part.boxes is not None
        source = original.parts[name]
        assert part.boxes.shape == (len(source), 4)
        np.testing.assert_array_equal(part.labels, source.labels)
        for index in range(0, len(part), 97):
            top, left, bottom, right = part.boxes[index]
            solid = source.images[index, ..., 0] >= scattered.FAINTEST
            rows, columns = np.flatnonzero(solid.any(1)), np.flatnonzero(solid.any(0))
            inner = solid[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
            cut = source.images[index, rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1, 0]
            assert (bottom - top, right - left) == inner.shape
            np.testing.assert_array_equal(part.images[index, top:bottom, left:right, 0][inner], cut[inner])


def test_boxes_are_on_the_canvas_and_everywhere_on_it() -> None:
    boxes = data.load("scattered").train.boxes
    assert boxes is not None
    assert boxes.min() >= 0
    assert boxes.max() <= scattered.SIDE
    assert (boxes[:, 2:] > boxes[:, :2]).all()
    centers = (boxes[:, :2] + boxes[:, 2:]) / 2
    assert (np.histogram2d(*centers.T, bins=3, range=[[14, 50], [14, 50]])[0] > 800).all()


def test_the_same_seed_makes_the_same_pixels_and_another_one_others() -> None:
    first = data.load("scattered")
    assert first.fingerprint == "abb4f80da4c1e1ead6c66b313bb1bf97596bef53c60484e66b18de9c8cc42518"
    assert data.load("scattered") is first
    part = data.Part(first.test.images[:0], first.test.labels[:0], first.test.boxes)
    assert part.first(0).boxes is not None
    few = fashion_mnist.bundled().test.first(5)
    one, same, other = (scattered._scatter(few, seed, 2) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one.images, first.test.images[:5])
    np.testing.assert_array_equal(one.images, same.images)
    assert (one.boxes != other.boxes).any()


def test_threads_that_load_together_make_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []

    def make() -> data.DataSet:
        calls.append(threading.current_thread())
        time.sleep(0.05)
        return fashion_mnist.bundled()

    monkeypatch.setitem(data.DATA, "scattered", replace(data.DATA["scattered"], make=make))
    with ThreadPoolExecutor(8) as together:
        loaded = list(together.map(data.load, ["scattered"] * 8))
    assert len(calls) == 1
    assert all(images is loaded[0] for images in loaded)


def test_a_texture_is_independent_of_the_class() -> None:
    part = data.load("scattered").train
    corners = part.images[:, ::63, ::63, 0].reshape(len(part), -1).mean(axis=1)
    means = [corners[part.labels == label].mean() for label in range(10)]
    assert np.ptp(means) < 5
