"""The Dockerfile, as far as it can be checked without Docker: what it copies, installs and starts."""

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import psutil
import pytest
import yaml

from dashboard.server import sharing
from tests.browser.conftest import free_port, until_healthy
from tests.helpers import outgoing
from tests.helpers.foreign_attempts import attempt
from tests.helpers.processes import ROOT

LINES = re.sub(
    r"\\\n", " ", re.sub(r"^ *#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
).splitlines()
STEPS = [tuple(line.split(maxsplit=1)) for line in LINES if line.strip()]


def arguments(instruction: str) -> list[str]:
    """What follows an instruction, each time that it is there."""
    return [rest for name, rest in STEPS if name == instruction]


@pytest.fixture
def image(tmp_path: Path) -> Path:
    """A folder with what is copied from the clone into the image, where .dockerignore lets it."""
    second = STEPS[[name for name, _ in STEPS].index("FROM", 1) :]
    for name, rest in second:
        *sources, target = rest.split()
        if name == "COPY" and not sources[0].startswith("--"):
            for source in sources:
                copy(source, tmp_path / "app" / target / ("" if target.endswith("/") else "."))
    return tmp_path / "app"


def copy(source: str, target: Path) -> None:
    assert source in allowed(), f".dockerignore leaves out {source}"
    path = ROOT / source
    if path.is_dir():
        shutil.copytree(path, target, ignore=shutil.ignore_patterns("__pycache__"), dirs_exist_ok=True)
    else:
        target.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def allowed() -> list[str]:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert lines[1] == "*"
    return [line.removeprefix("!") for line in lines if line.startswith("!")]


def environment(folder: Path) -> dict[str, str]:
    """The variables of the image, with its volume in a folder."""
    pairs = re.findall(r'(\w+)=(?:"([^"]*)"|(\S+))', " ".join(arguments("ENV")))
    values = {name: quoted or bare for name, quoted, bare in pairs}
    assert arguments("VOLUME") == ["/data"]
    del values["PATH"]
    return {name: value.replace("/data", str(folder)) for name, value in values.items()}


def test_nothing_of_a_clone_gets_into_the_image_but_the_dashboard(image: Path) -> None:
    dashboard = re.search(r"^DASHBOARD = (\(.*\))$", (ROOT / "setup.py").read_text(), re.MULTILINE)
    assert dashboard
    assert {"requirements.txt", "tfpool", *json.loads(dashboard[1].replace("(", "[").replace(")", "]"))} == set(
        allowed()
    )
    assert not [path for path in image.rglob("*") if fnmatch(path.name, "secrets.toml") or path.name == "__pycache__"]


def test_the_image_installs_what_is_pinned_with_a_tensorflow_for_cpus(tmp_path: Path) -> None:
    shutil.copy(ROOT / "requirements.txt", tmp_path)
    change = re.search(r"sed -i '[^']*' requirements.txt", arguments("RUN")[0])
    assert change
    subprocess.run(change[0], shell=True, cwd=tmp_path, check=True)
    pinned, changed = ((folder / "requirements.txt").read_text() for folder in (ROOT, tmp_path))
    assert changed == pinned.replace("\ntensorflow==", "\ntensorflow-cpu==") != pinned
    for command in arguments("RUN"):
        subprocess.run(["sh", "-n", "-c", command], check=True)


@pytest.fixture
def started(image: Path, tmp_path: Path) -> Iterator[tuple[int, int]]:
    """Process and port of the image's command."""
    port = free_port()
    python, *command = json.loads(arguments("CMD")[0])
    assert python == "python"
    variables = {**os.environ, **environment(tmp_path / "data"), "STREAMLIT_SERVER_PORT": str(port)}
    variables |= {"TFPOOL_WARMING": "off", "STREAMLIT_SERVER_ALLOWED_HOSTS": "pool.example.org 127.0.0.1"}
    variables |= outgoing.recorded(tmp_path)
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen(
            [sys.executable, *command], cwd=image, env=variables, stdout=log, stderr=subprocess.STDOUT
        )
    until_healthy(f"http://127.0.0.1:{port}", server, tmp_path / "log")
    yield server.pid, port
    server.terminate()
    server.wait(15)
    assert "Traceback" not in (tmp_path / "log").read_text()
    assert outgoing.requests(tmp_path) == []


@pytest.mark.slow
def test_the_image_serves_others_and_keeps_what_they_make_in_its_volume(
    started: tuple[int, int], tmp_path: Path
) -> None:
    pid, port = started
    listening = [
        each.laddr for each in psutil.Process(pid).net_connections("inet") if each.status == psutil.CONN_LISTEN
    ]
    assert [(address.ip, address.port) for address in listening] == [("0.0.0.0", port)]
    assert arguments("EXPOSE") == ["8501"]
    (health,) = re.findall(r"\[.*\]$", arguments("HEALTHCHECK")[0])
    for wrong, command in ((False, health.replace("8501", str(port))), (True, health.replace("8501", "9"))):
        _, *check = json.loads(command)
        ended = subprocess.run([sys.executable, *check], capture_output=True)
        assert bool(ended.returncode) is wrong
    # The key of the visitors' cookies is made with the first page.
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/") as page:
        assert "tfpool_visitor_" in page.headers["Set-Cookie"]
    assert (tmp_path / "data" / "runs" / "visitors.key").exists()
    # scripts/serve.py refuses other websites as `streamlit run app.py` does.
    assert attempt(port) == 403
    own = {"Host": "pool.example.org", "Origin": "https://pool.example.org"}
    assert attempt(port, **own) == 101


def test_the_dockerfile_passes_its_linter() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    ended = subprocess.run([linter, ROOT / "Dockerfile"], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stdout


def test_a_class_is_served_through_caddy_alone_and_nothing_starts_without_its_secrets() -> None:
    services = yaml.safe_load((ROOT / "compose.yaml").read_text())
    pool, caddy = (services["services"][name] for name in ("tfpool", "caddy"))
    assert "ports" not in pool
    assert pool["volumes"] == ["store:/data"]
    assert {"store", "caddy"} == set(services["volumes"])
    required = [value for value in (*pool["environment"].values(), *caddy["environment"].values()) if ":?" in value]
    assert [re.findall(r"{(\w+)", value)[0] for value in required] == [
        "TFPOOL_HOST",
        "TFPOOL_TEACHER_KEY",
        "TFPOOL_PASSWORD_HASH",
    ]
    assert set(pool["environment"]) - {"STREAMLIT_SERVER_ALLOWED_HOSTS"} == {sharing.TEACHER_KEY, *sharing.DEFAULTS}
    proxy = services["configs"]["caddyfile"]["content"]
    assert f"reverse_proxy tfpool:{arguments('EXPOSE')[0]}" in proxy
    # A password, and more room than for one upload.
    assert "{$$TFPOOL_PASSWORD_HASH}" in proxy
    assert int(re.findall(r"max_size (\d+)MB", proxy)[0]) > sharing.DEFAULTS[sharing.UPLOAD] * 1.048
