"""The wheel in a clean environment outside the clone: count, build, train, explain, the dashboard, and uninstall."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from dashboard.common.page import PAGES
from tests.browser.conftest import faultless, free_port, heading, picture, settle, until_healthy, visit
from tests.helpers import installed
from tests.helpers.processes import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.exhaustive]
CAT = ROOT / "tfpool/models/pretrained/bundled/photographs/cat.jpg"
BUILD = """
import tfpool as tp
plan = tp.plan("convnet", head="gap", input_shape=(28, 28, 1))
print(tp.__file__, tp.build(plan).count_params() == plan.params)
"""


def test_the_wheel_does_everything_in_any_folder_and_leaves_only_the_users_folders(
    tmp_path: Path, browser: Browser
) -> None:
    environment = installed.Environment(tmp_path / "environment")
    before = files(environment.folder)
    environment.pip("install", "--no-index", "--no-deps", str(installed.build(tmp_path / "built")))
    (distribution,) = metadata.distributions(name="tfpool", path=[str(environment.site)])
    work = tmp_path / "work"
    work.mkdir()

    # The core alone counts, and says what the rest needs.
    for requirement in installed.requires(distribution):
        environment.link(requirement)
    assert "75,770" in environment.run("tfpool", "plan", "resnet8", cwd=work).stdout
    for command, package in (("app", "tfpool[dashboard]"), ("train convnet", "tensorflow-cpu")):
        ended = environment.run("tfpool", *command.split(), cwd=work)
        assert ended.returncode == 2
        assert ended.stderr.count("\n") == 1
        assert package in ended.stderr

    for requirement in installed.requires(distribution, "tensorflow"):
        environment.link(requirement)
    place, same = environment.run("python", "-c", BUILD, cwd=work).stdout.split()
    assert Path(place).is_relative_to(environment.site)
    assert same == "True"
    recipe = ("--epochs", "1", "--train-images", "100")
    trained = environment.run("python", "-m", "tfpool", "train", "convnet", *recipe, cwd=work)
    assert trained.returncode == 0, trained.stderr
    assert (work / "saved_models" / "convnet-gap-1" / "model.keras").exists()
    explained = environment.run("tfpool", "explain", "squeezenet", str(CAT), "--method", "cam", cwd=work)
    assert explained.returncode == 0, explained.stderr
    assert (work / "map.png").stat().st_size > 10_000

    for requirement in installed.requires(distribution, "dashboard"):
        environment.link(requirement)
    with serving(environment, work) as url, visit(browser, 1280, "light") as (page, faults):
        page.goto(url, wait_until="domcontentloaded")
        settle(page)
        assert page.get_by_role("heading", level=1).inner_text() == heading("Home")
        for name in PAGES:
            page.get_by_test_id("stSidebar").get_by_role("link", name=name, exact=True).click()
            page.get_by_role("heading", level=1, name=heading(name), exact=True).wait_for()
            if name == "Runs":
                page.get_by_text("convnet-gap-1").first.wait_for(state="attached")
            settle(page)
        picture(page, "installed-claims")
        faultless(page, faults)

    environment.pip("uninstall", "--yes", "tfpool")
    # Python compiles modules that are linked on first use.
    compiled = environment.site / "__pycache__"
    left = {path for path in files(environment.folder) - before if compiled not in (path, path.parent)}
    assert {path for path in left if not path.is_symlink()} == set()
    assert {path.name for path in work.iterdir()} <= {"saved_models", "datasets", "map.png"}


def files(folder: Path) -> set[Path]:
    return {Path(name, file) for name, folders, inside in os.walk(folder) for file in (*folders, *inside)}


@contextlib.contextmanager
def serving(environment: installed.Environment, folder: Path) -> Iterator[str]:
    """`tfpool app` in a folder, by its address."""
    port, log = free_port(), folder.parent / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [environment.folder / "bin" / "tfpool", "app", "--port", str(port), "--", "--server.headless", "true"],
            cwd=folder,
            env=installed.clean_variables(),
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        until_healthy(f"http://127.0.0.1:{port}", server, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(15)
    assert "Traceback" not in log.read_text(), log.read_text()
