"""The dashboard served to others: two visitors, each with their own browser, and a teacher."""

import contextlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value

from tests.browser.conftest import (
    CHROMIUM,
    FLAGS,
    ROOT,
    Browse,
    appears,
    faultless,
    free_port,
    serving,
    settle,
    start_server,
    visit,
    watched,
)
from tests.helpers.login_provider import login_provider
from tests.helpers.stored_runs import finished
from tfpool.tracking.store import RunStore

pytestmark = [pytest.mark.browser, pytest.mark.slow]
KEY = "a-key-of-the-teacher"


@pytest.fixture
def store(tmp_path: Path) -> RunStore:
    """A run that nobody on the page has made."""
    store = RunStore(tmp_path / "saved_models")
    finished(store, 0.5)
    return store


@pytest.fixture
def url(store: RunStore) -> Iterator[str]:
    settings = {"TFPOOL_SHARED": "1", "TFPOOL_TEACHER_KEY": KEY, "TFPOOL_VISITOR_RUNS": "1"}
    with serving(store.folder, "off", {**settings, "TFPOOL_DATASETS": str(store.folder.parent / "datasets")}) as url:
        yield url


def train(page: Page, url: str) -> None:
    page.goto(f"{url}/Train?train_networks=convnet&train_heads=GAP&train_epochs=100")
    settle(page)
    page.get_by_role("button", name="Train 1 run").click()


def button(page: Page, name: str) -> Locator:
    return page.get_by_test_id("stMainBlockContainer").get_by_role("button", name=name, exact=True)


def test_visitors_stop_and_delete_what_is_theirs_and_a_teacher_everything(
    url: str, store: RunStore, browse: Browse
) -> None:
    anna, ben = browse(url), browse(url, 390, "dark")
    train(anna, url)
    anna.wait_for_url("**runs=convnet-gap-2**")
    appears(button(anna, "Stop"))
    # No more than one run at a time, for this visitor.
    anna.get_by_role("button", name="Train 1 run").click()
    expect(anna.get_by_test_id("stAlert")).to_contain_text("1 run")

    ben.goto(f"{url}/Train?runs=convnet-gap-2&runs=resnet8-gap-1")
    settle(ben)
    appears(ben.get_by_text("convnet-gap-2", exact=True))
    for name in ("Stop", "Delete", "Resume"):
        expect(button(ben, name)).to_have_count(0)
    appears(button(ben, "Retrain"))
    train(ben, url)
    ben.wait_for_url("**runs=convnet-gap-3**")
    appears(button(ben, "Stop"))

    # Also after the page was loaded anew.
    anna.reload()
    settle(anna)
    button(anna, "Stop").click()
    appears(button(anna, "Delete"))
    assert store.get("convnet-gap-2").state == "stopped"

    teacher = browse(f"{url}/Train?runs=convnet-gap-3")
    expect(button(teacher, "Stop")).to_have_count(0)
    teacher.get_by_role("button", name="Teacher").click()
    for key in ("a-key-of-a-student", KEY):
        field = teacher.get_by_role("textbox", name="Teacher's key")
        field.fill(key)
        field.press("Enter")
        if key != KEY:
            appears(teacher.get_by_text("not the teacher's key"))
    appears(teacher.get_by_text("You are a teacher"))
    button(teacher, "Stop").click()
    appears(button(teacher, "Delete"))
    teacher.get_by_role("button", name="Leave").click()
    expect(button(teacher, "Delete")).to_have_count(0)


def test_a_browser_that_keeps_no_cookies_is_told_why_nothing_is_trained(
    url: str, store: RunStore, browser: Browser, tmp_path: Path
) -> None:
    settings = tmp_path / "profile" / "Default" / "Preferences"
    settings.parent.mkdir(parents=True)
    settings.write_text(json.dumps({"profile": {"default_content_setting_values": {"cookies": 2}}}))
    blocking = browser.browser_type.launch_persistent_context(settings.parents[1], executable_path=CHROMIUM, args=FLAGS)
    with contextlib.closing(blocking):
        faults = watched(blocking)
        page = blocking.new_page()
        train(page, url)
        expect(page.get_by_test_id("stAlert")).to_contain_text("cookies")
        assert not blocking.cookies()
        faultless(page, faults)
    assert [run.id for run in store.runs()] == ["resnet8-gap-1"]


AUTH = """
[auth]
redirect_uri = "{url}/oauth2callback"
cookie_secret = "{secret}"
client_id = "tfpool"
client_secret = "none"
server_metadata_url = "{metadata}"
"""
SECRET = "what the cookies of this test are signed with"


@contextlib.contextmanager
def serving_accounts(store: RunStore, folder: Path, metadata: str) -> Iterator[str]:
    """A server where people have to log in."""
    root, port = folder / "copy", free_port()
    url = f"http://127.0.0.1:{port}"
    shutil.copytree(ROOT / "pages", root / "pages")
    shutil.copytree(ROOT / ".streamlit", root / ".streamlit")
    shutil.copy(ROOT / "app.py", root)
    for name in ("dashboard", "tfpool"):
        (root / name).symlink_to(ROOT / name)
    secrets = AUTH.format(url=url, secret=SECRET, metadata=metadata)
    (root / ".streamlit" / "secrets.toml").write_text(secrets)
    server = start_server(store.folder, port, folder / "log", "off", root=root, environment={"TFPOOL_SHARED": "1"})
    yield url
    server.terminate()
    server.wait(15)


@pytest.fixture
def with_login(store: RunStore, tmp_path: Path) -> Iterator[str]:
    """A server whose provider nobody asks."""
    with serving_accounts(store, tmp_path, "http://127.0.0.1:1/nobody-asks-this") as url:
        yield url


@pytest.mark.exhaustive
def test_people_log_in_at_a_provider_and_out_again(store: RunStore, browse: Browse, tmp_path: Path) -> None:
    with login_provider() as provider, serving_accounts(store, tmp_path, f"{provider.url}/metadata") as url:
        for subject in ("anna", "ben"):
            provider.subject = subject
            page = browse(f"{url}/Train")
            button(page, "Log in").click()
            # Streamlit leads to the home page, wherever somebody came from.
            page.wait_for_url(f"{url}/")
            appears(page.get_by_text(f"Logged in as <b>{subject}</b>"))
            page.get_by_role("button", name="Log out").click()
            appears(button(page, "Log in"))


def test_a_run_belongs_to_an_account_in_every_browser(with_login: str, store: RunStore, browser: Browser) -> None:
    def log_in(page: Page, subject: str) -> None:
        """As Streamlit does when the provider has said who somebody is."""
        account = {"origin": with_login, "is_logged_in": True, "iss": "https://login.example", "sub": subject}
        value = create_signed_value(SECRET, "_streamlit_user", json.dumps({**account, "name": f"<b>{subject}</b>"}))
        page.context.add_cookies([{"name": "_streamlit_user", "value": value.decode(), "url": with_login}])

    with contextlib.ExitStack() as visits:
        pages = [visits.enter_context(visit(browser, 1280, "light"))[0] for _ in range(3)]
        first, second, other = pages
        first.goto(f"{with_login}/Train")
        appears(button(first, "Log in"))
        expect(first.get_by_text("Networks")).to_have_count(0)
        for page, subject in zip(pages, ("anna", "anna", "ben"), strict=True):
            log_in(page, subject)
        first.goto(f"{with_login}/Train?runs=resnet8-gap-1")
        settle(first)
        appears(first.get_by_text("Logged in as <b>anna</b>"))
        expect(button(first, "Delete")).to_have_count(0)
        button(first, "Retrain").click()
        first.wait_for_url("**runs=resnet8-gap-2**")
        for page, is_own in ((second, True), (other, False)):
            page.goto(f"{with_login}/Train?runs=resnet8-gap-2")
            settle(page)
            appears(page.get_by_text("resnet8-gap-2", exact=True))
            expect(button(page, "Stop")).to_have_count(int(is_own))
        button(second, "Stop").click()
        appears(button(second, "Delete"))
