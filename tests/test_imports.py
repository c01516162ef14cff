"""The three rules of who imports whom, and what `import tfpool` may load."""

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
LAYERS = [
    {"tfpool.graph", "tfpool.table", "tfpool.files", "tfpool.process", "tfpool.palette", "tfpool.colours"},
    {"tfpool.anatomy", "tfpool.database"},
    {"tfpool.ops", "tfpool.counts", "tfpool.terminal"},
    {"tfpool.backbones", "tfpool.heads"},
    {"tfpool.catalog", "tfpool.reading"},
    {"tfpool.plan", "tfpool.data"},
    {"tfpool.pretrained"},
    {"tfpool.build", "tfpool.blocks", "tfpool.export", "tfpool.layers", "tfpool.comparison"},
    {"tfpool.stock", "tfpool.allowed", "tfpool.contents", "tfpool.opening"},
    {"tfpool.inputs"},
    {"tfpool.run"},
    {"tfpool.runs", "tfpool.results"},
    {"tfpool.selection", "tfpool.certainty", "tfpool.predictions", "tfpool.run_files", "tfpool.examples"},
    {"tfpool.training", "tfpool.classifier"},
    {"tfpool.cam"},
    {"tfpool.lab"},
    {"tfpool.commands", "tfpool.data_commands", "tfpool.run_commands", "tfpool.lab_commands"},
    {"tfpool.cli", "tfpool.__main__"},
    {"dashboard"},
    {"pages", "app"},
]
WITHOUT_TENSORFLOW = ("graph", "backbones", "heads", "catalog", "plan", "runs", "results", "selection", "predictions")


def sources() -> Iterator[tuple[str, Path]]:
    for top in ("tfpool", "dashboard", "pages", "app.py"):
        for path in [ROOT / top] if top.endswith(".py") else sorted((ROOT / top).rglob("*.py")):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"), path


def imported(path: Path) -> set[str]:
    """Every module that a file imports, at its top or inside a function; type checking's imports left out."""
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def layer(module: str) -> int | None:
    for number, names in enumerate(LAYERS):
        if any(module == name or module.startswith(name + ".") for name in names):
            return number
    return None


@pytest.mark.parametrize(("module", "path"), list(sources()), ids=lambda value: value if isinstance(value, str) else "")
def test_imports_run_one_way(module: str, path: Path) -> None:
    own = layer(module)
    if module == "tfpool":
        return
    assert own is not None, f"{module} has no place in the house: add it to a layer"
    upwards = {name for name in imported(path) if (layer(name) or 0) > own}
    assert not upwards


def test_graph_imports_nothing_of_ours_nor_keras() -> None:
    assert not {name for name in imported(ROOT / "tfpool/graph.py") if name.split(".")[0] in ("tfpool", "keras")}


@pytest.mark.parametrize(("module", "path"), list(sources()), ids=lambda value: value if isinstance(value, str) else "")
def test_tfpool_never_imports_streamlit(module: str, path: Path) -> None:
    if module.startswith("tfpool"):
        assert not {name for name in imported(path) if name.split(".")[0] in ("streamlit", "plotly", "dashboard")}


def modules_after(code: str) -> set[str]:
    """Names in sys.modules after running code in a fresh process."""
    script = f"{code}\nimport json, sys; print(json.dumps(list(sys.modules)))"
    ended = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize("module", WITHOUT_TENSORFLOW)
def test_counting_and_the_run_store_load_no_tensorflow(module: str) -> None:
    assert not modules_after(f"import tfpool.{module}") & {"tensorflow", "keras"}


def test_a_large_plan_leaves_tensorflow_out() -> None:
    code = (
        "import tfpool; "
        'p = tfpool.plan("resnet152", head="flatten", input_shape=(512, 512, 3), classes=1000); '
        "assert p.params == 58_370_944 + 16 * 16 * 2048 * 1000 + 1000; str(p)"
    )
    assert not modules_after(code) & {"tensorflow", "keras", "numpy"}


def test_queueing_and_watching_runs_load_no_tensorflow() -> None:
    assert not modules_after("import tfpool.training.progress, tfpool.data; tfpool.Recipe()") & {"tensorflow", "keras"}


def test_public_names_are_functions_whatever_was_imported_first() -> None:
    code = "import tfpool.build, tfpool.runs, tfpool as tp; assert all(map(callable, (tp.build, tp.runs, tp.plan)))"
    assert "tfpool.build" in modules_after(code)


def test_every_public_name_can_be_had() -> None:
    import tfpool

    assert all(hasattr(tfpool, name) for name in tfpool.__all__)
    assert set(tfpool.__all__) <= set(dir(tfpool))
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        tfpool.nonsense  # noqa: B018
