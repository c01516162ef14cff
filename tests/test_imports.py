"""Who imports whom, file by file, and what `import tfpool` may load."""

import ast
import re
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.helpers.processes import ROOT, modules_after

PLACES = ("tfpool", "dashboard", "pages", "benchmarks", "scripts", "app.py")
FLOORS: tuple[tuple[str, ...], ...] = (
    tuple(f"tfpool.{name}" for name in ["layers", "validation", "colors", "_version", "anatomy", "system"]),
    ("tfpool.networks", "tfpool.data", "tfpool.cam"),
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
    *(
        "tracking.query",
        "tracking.training_maps",
        "training",
        "training.queue",
        "training.progress",
        "data",
        "data.registry",
        "lab",
        "training.cluster.driver",
        "training.cluster.task",
    ),
)


def _modules() -> dict[str, Path]:
    paths = [
        path for place in PLACES for path in ([ROOT / place] if "." in place else sorted((ROOT / place).rglob("*.py")))
    ]
    return {".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__"): path for path in paths}


MODULES = _modules()
TFPOOL = [module for module in MODULES if module.startswith("tfpool")]


@cache
def tree(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text())


@cache
def imported(module: str) -> frozenset[str]:
    """What a file imports, at its top or inside a function: our modules by file, others by their full names.

    Imports for the type checker alone do not count.
    """
    names: set[str] = set()
    pending: list[ast.AST] = [tree(module)]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING":
            pending += node.orelse
            continue
        pending += ast.iter_child_nodes(node)
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{module} imports relatively"
            inner = {f"{node.module}.{alias.name}" for alias in node.names}
            names |= inner & set(MODULES) or {node.module or ""}
            names |= {node.module or ""} if inner - set(MODULES) else set()
    return frozenset(names - {module})


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


def test_imports_run_down_the_floors() -> None:
    modules = set(MODULES) - {"tfpool"}
    assert [module for module in modules if floor(module) is None] == []
    upwards = {(one, other) for one in modules for other in imported(one) if (floor(other) or 0) > (floor(one) or 0)}
    assert upwards == set()


def test_networks_import_nothing_of_ours_above_them_nor_keras() -> None:
    allowed = ("tfpool.networks", "tfpool.validation")
    for module in TFPOOL:
        if module.startswith("tfpool.networks"):
            assert not {name for name in imported(module) if name.startswith("tfpool") and not name.startswith(allowed)}
            assert not {name for name in imported(module) if name.split(".")[0] in ("keras", "tensorflow")}


def test_tfpool_never_imports_streamlit_or_plotly() -> None:
    dashboards = {"streamlit", "plotly", "dashboard"}
    assert [module for module in TFPOOL if dashboards & {name.split(".")[0] for name in imported(module)}] == []


def test_no_two_modules_of_tfpool_have_one_stem() -> None:
    stems = [MODULES[module].stem for module in TFPOOL if MODULES[module].stem != "__init__"]
    assert {stem for stem in stems if stems.count(stem) > 1} == set()


def test_the_top_of_the_package_is_seen_at_a_glance() -> None:
    assert len(list((ROOT / "tfpool").glob("*.py"))) <= 7
    assert len(list((ROOT / "tfpool").glob("*/__init__.py"))) <= 13


def test_every_package_says_what_lives_there() -> None:
    packages = [module for module, path in MODULES.items() if path.stem == "__init__"]
    assert [name for name in packages if not re.match(r"(tfpool|[A-Z`]).+", ast.get_docstring(tree(name)) or "")] == []


def test_counting_queueing_and_listing_load_no_keras() -> None:
    modules = ", ".join(f"tfpool.{name}" for name in WITHOUT_KERAS)
    assert not modules_after(f"import {modules}; tfpool.Recipe()") & {"tensorflow", "keras"}


def test_a_large_plan_leaves_tensorflow_out() -> None:
    code = (
        "import tfpool; "
        'p = tfpool.plan("resnet152", head="flatten", input_shape=(512, 512, 3), classes=1000); '
        "assert p.params == 58_370_944 + 16 * 16 * 2048 * 1000 + 1000; str(p)"
    )
    assert not modules_after(code) & {"tensorflow", "keras", "numpy"}


def test_public_names_are_listed_and_others_are_refused() -> None:
    import tfpool

    assert set(tfpool.__all__) <= set(dir(tfpool))
    with pytest.raises(AttributeError, match="nonsense"):
        tfpool.nonsense  # noqa: B018
