"""Who imports whom, file by file, and what `import tfpool` may load."""

import ast
import re
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT, modules_after

PLACES = ("tfpool", "dashboard", "pages", "benchmarks", "scripts", "app.py")
FLOORS: tuple[tuple[str, ...], ...] = (
    tuple(f"tfpool.{name}" for name in ["layers", "validation", "_version", "anatomy", "system"]),
    ("tfpool.networks", "tfpool.colors", "tfpool.data", "tfpool.cam"),
    ("tfpool.counting",),
    ("tfpool.models",),
    ("tfpool.tracking",),
    ("tfpool.training", "tfpool.examples"),
    ("tfpool.inference",),
    ("tfpool.lab",),
    ("tfpool.cli", "dashboard", "scripts", "benchmarks"),
    ("pages", "app", "tfpool.__main__"),
)
WITHOUT_KERAS = (
    *("networks", "networks.backbones", "networks.heads", "networks.catalog", "networks.ops"),
    *("counting", "counting.plan", "counting.comparison", "tracking", "tracking.store", "tracking.results"),
    *("tracking.query", "training", "training.queue", "data", "data.registry", "lab"),
)


def _modules() -> dict[str, Path]:
    paths = [
        path for place in PLACES for path in ([ROOT / place] if "." in place else sorted((ROOT / place).rglob("*.py")))
    ]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = _modules()


def imported(module: str) -> set[str]:
    """What a file imports, at its top or inside a function: modules of ours by file, others by their whole names.

    Imports for the type checker alone are left out; lines of code that name a module as text count too.
    """
    tree = ast.parse(MODULES[module].read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            node.body = []
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= inner & set(MODULES) or {node.module or ""}
            names |= {node.module or ""} if inner - set(MODULES) else set()
    return names - {module}


def floor(module: str) -> int | None:
    for number, names in enumerate(FLOORS, start=1):
        if any(module == name or module.startswith(f"{name}.") for name in names):
            return number
    return None


def test_no_two_files_import_each_other_in_a_circle() -> None:
    graph = {module: imported(module) & set(MODULES) for module in MODULES}
    try:
        order = list(TopologicalSorter(graph).static_order())
    except CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))
    assert len(order) == len(MODULES) > 200


@pytest.mark.parametrize("module", sorted(set(MODULES) - {"tfpool"}))
def test_imports_run_down_the_floors(module: str) -> None:
    own = floor(module)
    assert own is not None, f"{module} has no floor in the house"
    assert not {name for name in imported(module) if (floor(name) or 0) > own}


def test_networks_import_nothing_of_ours_above_them_nor_keras() -> None:
    for module in MODULES:
        if module.startswith("tfpool.networks"):
            allowed = ("tfpool.networks", "tfpool.validation")
            assert not {n for n in imported(module) if n.startswith("tfpool") and not n.startswith(allowed)}
            assert not {name for name in imported(module) if name.split(".")[0] in ("keras", "tensorflow")}


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("tfpool")])
def test_tfpool_never_imports_streamlit_or_plotly(module: str) -> None:
    assert not {name for name in imported(module) if name.split(".")[0] in ("streamlit", "plotly", "dashboard")}


def test_no_two_modules_of_tfpool_have_one_stem() -> None:
    stems = [path.stem for module, path in MODULES.items() if module.startswith("tfpool") and path.stem != "__init__"]
    assert {stem for stem in stems if stems.count(stem) > 1} == set()


def test_the_top_of_the_package_is_seen_at_a_glance() -> None:
    assert len(list((ROOT / "tfpool").glob("*.py"))) <= 7
    assert len(list((ROOT / "tfpool").glob("*/__init__.py"))) <= 13


@pytest.mark.parametrize("module", [module for module, path in MODULES.items() if path.stem == "__init__"])
def test_a_package_says_what_lives_there(module: str) -> None:
    assert re.match(r"(tfpool|[A-Z`]).+", ast.get_docstring(ast.parse(MODULES[module].read_text())) or "")


@pytest.mark.parametrize("module", WITHOUT_KERAS)
def test_counting_queueing_and_listing_load_no_keras(module: str) -> None:
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


def test_every_public_name_can_be_had() -> None:
    import tfpool

    assert all(hasattr(tfpool, name) for name in tfpool.__all__)
    assert set(tfpool.__all__) <= set(dir(tfpool))
    with pytest.raises(AttributeError, match="nonsense"):
        tfpool.nonsense  # noqa: B018
