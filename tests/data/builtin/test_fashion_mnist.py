import gzip
import importlib.util
import struct
from pathlib import Path

import numpy as np
import pytest

from tests.helpers.processes import ROOT
from tfpool import data
from tfpool.data.builtin import fashion_mnist


def write_idx(folder: Path, part: str, images: np.ndarray, labels: np.ndarray) -> None:
    """The published format: magic number, sizes as big-endian words, bytes."""
    for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
        header = struct.pack(">HBB", 0, 8, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
        (folder / f"{part}-{kind}-ubyte.gz").write_bytes(gzip.compress(header + array.astype(np.uint8).tobytes()))


@pytest.fixture
def debian(tmp_path: Path) -> Path:
    """A tiny folder like that of Debian's package: 60 and 40 images of 28×28."""
    random = np.random.default_rng(0)
    for part, count in (("train", 60), ("t10k", 40)):
        write_idx(tmp_path, part, random.integers(0, 256, (count, 28, 28)), np.arange(count) % 10)
    return tmp_path


def test_the_bundle_has_enough_images_and_equally_many_per_class() -> None:
    images = data.load("fashion_mnist")
    assert images.image_shape == (28, 28, 1)
    assert len(images.train) >= 10_000
    assert len(images.test) >= 5_000
    for part in images.parts.values():
        assert part.images.dtype == np.uint8
        assert len(set(np.bincount(part.labels, minlength=10))) == 1


def test_no_image_is_in_two_parts() -> None:
    images = data.load("fashion_mnist")
    parts = [{image.tobytes() for image in part.images} for part in images.parts.values()]
    assert sum(map(len, parts)) == len(set.union(*parts)) == 19_000


def test_the_images_are_those_of_their_labels() -> None:
    """Trousers are tall and narrow, sneakers low and wide: the mean images say so."""
    part = data.load("fashion_mnist").train
    trouser, sneaker = (part.images[part.labels == label].mean(axis=0)[..., 0] > 40 for label in (1, 7))
    assert trouser.any(axis=1).sum() > 1.5 * trouser.any(axis=0).sum()
    assert sneaker.any(axis=0).sum() > 1.5 * sneaker.any(axis=1).sum()


def test_a_damaged_bundle_is_an_error(tmp_path: Path) -> None:
    copy = tmp_path / "fashion_mnist.npz"
    copy.write_bytes(fashion_mnist.BUNDLE.read_bytes()[:-1] + b"x")
    copy.with_suffix(".npz.sha256").write_text(fashion_mnist.BUNDLE.with_suffix(".npz.sha256").read_text())
    with pytest.raises(ValueError, match="damaged"):
        fashion_mnist.bundled(copy)


def test_license_source_and_checksum_stand_beside_the_data() -> None:
    folder = fashion_mnist.BUNDLE.parent
    assert "MIT License" in (folder / "fashion_mnist.LICENSE").read_text()
    assert "scripts/make_fashion_mnist.py" in (folder / "README.md").read_text()


def test_the_full_set_is_read_from_debians_files(debian: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fashion_mnist, "VALIDATION", 10)
    images = fashion_mnist.full(debian)
    assert [len(part) for part in images.parts.values()] == [50, 10, 40]
    original = fashion_mnist.read(debian, "train")
    np.testing.assert_array_equal(np.concatenate([images.train.images, images.validation.images]), original.images)
    np.testing.assert_array_equal(images.test.labels, np.arange(40) % 10)


def test_without_debians_package_a_sentence_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="dataset-fashion-mnist"):
        fashion_mnist.full(tmp_path)


def test_a_bundle_without_its_checksum_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="checksum"):
        fashion_mnist.bundled(tmp_path / "fashion_mnist.npz")


DAMAGED = bytearray(gzip.compress(bytes(1000)))
DAMAGED[12] ^= 0xFF


# Named, since a gzip file contains the time when it was made, and tests in parallel need equal names.
@pytest.mark.parametrize(
    "content",
    [b"no gzip", bytes(DAMAGED), gzip.compress(b"\0\0\x08\x03"), gzip.compress(b"text, no idx")],
    ids=["no gzip", "damaged", "header only", "text"],
)
def test_damaged_idx_files_are_errors(debian: Path, content: bytes) -> None:
    (debian / "train-images-idx3-ubyte.gz").write_bytes(content)
    with pytest.raises(ValueError, match="damaged"):
        fashion_mnist.full(debian)


def test_the_script_draws_parts_that_do_not_overlap(
    debian: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = importlib.util.spec_from_file_location("make", ROOT / "scripts/make_fashion_mnist.py")
    assert spec
    assert spec.loader
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    for name, value in {"DEBIAN": debian, "TRAIN": 30, "VALIDATION": 20, "TEST": 20}.items():
        monkeypatch.setattr(script, name, value)
    paths = [tmp_path / "out" / name for name in ("first.npz", "second.npz")]
    for path in paths:
        script.main(path)
    assert paths[0].read_bytes() == paths[1].read_bytes()
    images = fashion_mnist.bundled(paths[0])
    parts = [{image.tobytes() for image in part.images} for part in images.parts.values()]
    assert [len(part) for part in parts] == [30, 20, 20]
    assert len(set.union(*parts)) == 70


def test_the_fingerprint_changes_with_a_pixel() -> None:
    images = data.load("fashion_mnist")
    pixels = images.test.images.copy()
    pixels[0, 0, 0, 0] ^= 1
    changed = data.DataSet(
        images.name, images.class_names, images.train, images.validation, data.Part(pixels, images.test.labels)
    )
    assert changed.fingerprint != images.fingerprint == data.load("fashion_mnist").fingerprint


def test_an_unknown_name_lists_the_names() -> None:
    with pytest.raises(ValueError, match="fashion_mnist_full"):
        data.load("mnis")


def test_networks_read_zero_to_one() -> None:
    np.testing.assert_array_equal(data.to_input(np.array([[0, 255]], np.uint8)), np.array([[0, 1]], np.float32))
