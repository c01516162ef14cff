"""The dashboard served to others: two visitors, each with their own browser, and a teacher."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Browse, serving, settle
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
    expect(button(anna, "Stop")).to_be_visible()
    # No more than one run at a time, for this visitor.
    anna.get_by_role("button", name="Train 1 run").click()
    expect(anna.get_by_test_id("stAlert")).to_contain_text("1 run")

    ben.goto(f"{url}/Train?runs=convnet-gap-2&runs=resnet8-gap-1")
    settle(ben)
    expect(ben.get_by_text("convnet-gap-2", exact=True)).to_be_visible()
    for name in ("Stop", "Delete", "Resume"):
        expect(button(ben, name)).to_have_count(0)
    expect(button(ben, "Retrain")).to_be_visible()
    train(ben, url)
    ben.wait_for_url("**runs=convnet-gap-3**")
    expect(button(ben, "Stop")).to_be_visible()

    # Also after the page was loaded anew.
    anna.reload()
    settle(anna)
    button(anna, "Stop").click()
    expect(button(anna, "Delete")).to_be_visible()
    assert store.get("convnet-gap-2").state == "stopped"

    teacher = browse(f"{url}/Train?runs=convnet-gap-3")
    expect(button(teacher, "Stop")).to_have_count(0)
    teacher.get_by_role("button", name="Teacher").click()
    for key in ("a-key-of-a-student", KEY):
        field = teacher.get_by_role("textbox", name="Teacher's key")
        field.fill(key)
        field.press("Enter")
        if key != KEY:
            expect(teacher.get_by_text("not the teacher's key")).to_be_visible()
    expect(teacher.get_by_text("You are a teacher")).to_be_visible()
    button(teacher, "Stop").click()
    expect(button(teacher, "Delete")).to_be_visible()
    teacher.get_by_role("button", name="Leave").click()
    expect(button(teacher, "Delete")).to_have_count(0)
