import io
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import tfpool as tp

pytestmark = pytest.mark.slow
IMAGES, LABELS = np.random.default_rng(0).random((16, 28, 28, 1)).astype(np.float32), np.arange(16) % 10


@pytest.fixture
def model() -> keras.Model:
    model = tp.build(tp.plan("convnet", input_shape=(28, 28, 1)), seed=0)
    model.compile(keras.optimizers.Adam(0.01), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def fit(model: keras.Model, callback: keras.callbacks.Callback, epochs: int) -> None:
    model.fit(IMAGES, LABELS, epochs=epochs, verbose=0, callbacks=[callback])


def test_maps_are_those_of_the_model_at_that_time(model: keras.Model, tmp_path: Path) -> None:
    fit(model, tp.callbacks.ClassActivationMaps(IMAGES[:2], folder=tmp_path, target=3), 2)
    first, second = (np.asarray(Image.open(path)) for path in sorted(tmp_path.iterdir()))
    picture = io.BytesIO(tp.explain(model, IMAGES[:2], target=3).plot()._repr_png_())  # type: ignore[attr-defined]
    np.testing.assert_array_equal(second, np.asarray(Image.open(picture)))
    assert not np.array_equal(first, second)


def test_the_last_epoch_is_always_drawn(model: keras.Model, tmp_path: Path) -> None:
    fit(model, tp.callbacks.ClassActivationMaps(IMAGES[:1], every=2, folder=tmp_path / "new" / "maps"), 3)
    assert sorted(path.name for path in (tmp_path / "new" / "maps").iterdir()) == ["epoch-0002.png", "epoch-0003.png"]


def test_tensorboard_gets_the_same_pictures(model: keras.Model, tmp_path: Path) -> None:
    fit(model, tp.callbacks.ClassActivationMaps(IMAGES[:1], folder=tmp_path / "maps", log_dir=tmp_path / "logs"), 2)
    (path,) = (tmp_path / "logs").iterdir()
    events = [event for event in tf.compat.v1.train.summary_iterator(str(path)) if event.summary.value]
    assert [event.step for event in events] == [0, 1]
    width, height, png = events[1].summary.value[0].tensor.string_val
    written = (tmp_path / "maps" / "epoch-0002.png").read_bytes()
    assert png == written
    assert Image.open(io.BytesIO(written)).size == (int(width), int(height))
    assert events[1].summary.value[0].metadata.plugin_data.plugin_name == "images"


def test_a_model_that_cannot_be_explained_is_refused_before_training(tmp_path: Path) -> None:
    model = keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)])
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    before = model.get_weights()[0]
    with pytest.raises(ValueError, match="layer"):
        fit(model, tp.callbacks.ClassActivationMaps(IMAGES[:1], folder=tmp_path, layer="conv"), 1)
    np.testing.assert_array_equal(model.get_weights()[0], before)
    with pytest.raises(ValueError, match="every=0"):
        tp.callbacks.ClassActivationMaps(IMAGES, every=0)
