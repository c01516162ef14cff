"""keras.datasets by name, with small files in place of those that Keras would download."""

import importlib
import pickle
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from tfpool import data
from tfpool.data import registry
from tfpool.data.builtin import download, keras_datasets
from tfpool.data.builtin.keras_datasets import MNIST, held_out

RANDOM = np.random.default_rng(0)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with the files that Keras would download."""

    def get_file(fname: str, **settings: object) -> str:
        print("a bar")
        return str(tmp_path / fname)

    for name in registry.downloads():
        monkeypatch.setattr(importlib.import_module(f"keras.src.datasets.{name}"), "get_file", get_file)
    registry._make.cache_clear()
    yield tmp_path
    registry._make.cache_clear()


def write_cifar(path: Path, number: int, key: str, classes: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    labels = [index % classes for index in range(number)]
    batch = {b"data": RANDOM.integers(0, 256, (number, 3072), np.uint8), key.encode(): labels}
    path.write_bytes(pickle.dumps(batch))


def test_gray_digits_get_a_channel_and_a_validation_part(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keras_datasets, "VALIDATION", 20)
    images = RANDOM.integers(0, 256, (240, 28, 28), np.uint8)
    labels = (np.arange(240) % 10).astype(np.uint8)
    np.savez(folder / "mnist.npz", x_train=images, y_train=labels, x_test=images[:30], y_test=labels[:30])
    loaded = data.load("mnist")
    captured = capsys.readouterr()
    assert (captured.out, "a bar" in captured.err) == ("", True)
    assert loaded.class_names == tuple("0123456789")
    assert loaded.image_shape == (28, 28, 1)
    assert [len(part) for part in loaded.parts.values()] == [220, 20, 30]
    assert set(np.bincount(loaded.validation.labels)) == {2}
    loaded_pixels = {image.tobytes() for part in (loaded.validation, loaded.train) for image in part.images}
    assert loaded_pixels == {image.tobytes() for image in images}
    assert loaded.train.labels.dtype == np.int64
    assert data.load("mnist") is loaded


def test_photos_of_a_hundred_classes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keras_datasets, "VALIDATION", 100)
    for part, number in (("train", 1200), ("test", 200)):
        write_cifar(folder / "cifar-100-python-target/cifar-100-python" / part, number, "fine_labels", 100)
    loaded = data.load("cifar100")
    assert [len(part) for part in loaded.parts.values()] == [1100, 100, 200]
    assert loaded.image_shape == (32, 32, 3)
    assert loaded.class_names[0] == "apple"
    assert loaded.class_names[99] == "worm"
    assert list(loaded.class_names) == sorted(set(loaded.class_names))


def test_photos_of_ten_classes(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cifar10 = importlib.import_module("keras.src.datasets.cifar10")
    load_batch = cifar10.load_batch

    def load_many(path: str) -> list[np.ndarray]:
        """As many images per file as Keras expects."""
        return [np.resize(array, (10_000, *np.shape(array)[1:])) for array in load_batch(path)]

    monkeypatch.setattr(cifar10, "load_batch", load_many)
    for file in (*(f"data_batch_{number}" for number in range(1, 6)), "test_batch"):
        write_cifar(folder / "cifar-10-batches-py-target/cifar-10-batches-py" / file, 10, "labels", 10)
    loaded = data.load("cifar10")
    facts = data.describe("cifar10")
    assert tuple(len(part) for part in loaded.parts.values()) == facts.images
    assert (loaded.classes, loaded.image_shape) == (facts.classes, facts.image_shape)
    assert loaded.class_names[3] == "cat"


def test_without_a_network_the_error_names_the_address_and_the_path(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def offline(**settings: object) -> str:
        raise Exception("URL fetch failure on x: None --\n[Errno -2] Name or service not known")

    monkeypatch.setattr("keras.src.datasets.mnist.get_file", offline)
    monkeypatch.setenv("KERAS_HOME", str(folder / "home"))
    with pytest.raises(ValueError, match="https://storage") as error:
        data.load("mnist")
    assert "Name or service not known" in str(error.value)
    assert f"{folder}/home/datasets/mnist.npz" in str(error.value)
    assert "\n" not in str(error.value)


def test_a_whole_file_counts_as_downloaded_and_a_part_does_not(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    assert data.describe("mnist").state == "to be downloaded"
    assert not data.describe("mnist").is_ready
    file = MNIST.path
    file.parent.mkdir()
    file.write_bytes(b"a part")
    assert data.describe("mnist").state == "to be downloaded"
    with file.open("wb") as whole:
        whole.truncate(MNIST.size)
    assert data.describe("mnist").state == "here"


def test_the_validation_part_is_the_same_every_time() -> None:
    labels = RANDOM.integers(0, 7, 1000)
    mask = held_out(labels, 100)
    np.testing.assert_array_equal(mask, held_out(labels, 100))
    assert abs(mask.sum() - 100) <= 4
    np.testing.assert_allclose(np.bincount(labels[mask]) / np.bincount(labels), 0.1, atol=0.01)


def child(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, code: str) -> None:
    """Run other code in place of the process that downloads."""
    script = tmp_path / "child"
    script.write_text(f"#!{sys.executable}\nimport signal, sys, time, pathlib\n{code}\n")
    script.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(script))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    MNIST.path.parent.mkdir()


def test_a_download_reports_its_progress(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = f"pathlib.Path({str(tmp_path / 'datasets/mnist.npz')!r}).write_bytes(bytes(500)); time.sleep(0.6)"
    child(monkeypatch, tmp_path, code)
    calls: list[tuple[int, int]] = []
    download.fetch("mnist", lambda *progress: calls.append(progress))
    assert calls[-1] == (500, MNIST.size)


def test_a_failed_download_raises_its_own_message(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    child(monkeypatch, tmp_path, "print('bar\\ntfpool: no network here', file=sys.stderr); sys.exit(2)")
    with pytest.raises(ValueError, match=r"^no network here$"):
        download.fetch("mnist")
    with pytest.raises(ValueError, match="cifar10"):
        download.fetch("imagenet")


def test_a_stopped_download_leaves_no_process(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    started, ended = tmp_path / "started", tmp_path / "ended"
    touch = "pathlib.Path({!r}).touch()".format
    child(
        monkeypatch,
        tmp_path,
        f"try: {touch(str(started))}; time.sleep(60)\nexcept KeyboardInterrupt: {touch(str(ended))}",
    )

    def stop(done: int, total: int) -> None:
        while not started.exists():
            time.sleep(0.02)
        raise InterruptedError

    with pytest.raises(InterruptedError):
        download.fetch("mnist", stop)
    assert ended.exists()
