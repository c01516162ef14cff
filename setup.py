"""What pyproject.toml cannot say: the dashboard goes into the wheel, and README.md gets whole links.

TFPOOL_REPOSITORY is the address of the repository, such as https://example.org/tfpool. Without it, what links to a file
of the repository becomes plain text.
"""

import os
import re
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py

ROOT = Path(__file__).parent
DASHBOARD = ("app.py", "pages", "dashboard", ".streamlit/config.toml", "scripts/serve.py")
"""What `tfpool app` runs. In the wheel it lies in tfpool/_app, so that no package named dashboard is installed."""
REPOSITORY = os.environ.get("TFPOOL_REPOSITORY", "").rstrip("/")


class BuildWithDashboard(build_py):
    """Copy the dashboard as well, unless the clone itself is what gets installed."""

    def run(self) -> None:
        super().run()
        if not self.editable_mode:
            for name in DASHBOARD:
                self._copy(ROOT / name, Path(self.build_lib, "tfpool", "_app", name))

    def _copy(self, source: Path, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.rmtree(target, ignore_errors=True)
            shutil.copytree(source, target, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copyfile(source, target)


def description() -> str:
    """README.md for a page elsewhere: its links and pictures lead to the repository, or are left out without one."""

    def replaced(match: re.Match[str]) -> str:
        picture, text, target = match.groups()
        if target.startswith(("http:", "https:", "#")):
            return match[0]
        if not REPOSITORY:
            return "" if picture else text
        return f"{picture}[{text}]({REPOSITORY}/{'raw' if picture else 'blob'}/HEAD/{target})"

    return re.sub(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", replaced, (ROOT / "README.md").read_text(encoding="utf-8"))


setup(
    cmdclass={"build_py": BuildWithDashboard},
    long_description=description(),
    long_description_content_type="text/markdown",
    project_urls={"Source": REPOSITORY, "Changelog": f"{REPOSITORY}/blob/HEAD/CHANGELOG.md"} if REPOSITORY else {},
)
