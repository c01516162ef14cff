"""When the dashboard counts as served to others, and settings for that which cannot be used."""

import pytest

from dashboard.server import serving, sharing


@pytest.mark.parametrize(
    ("address", "only_here"),
    [
        ("127.0.0.1", True),
        ("127.0.1.1", True),
        ("::1", True),
        ("localhost", True),
        # Streamlit's default: all addresses.
        ("", False),
        ("0.0.0.0", False),
        ("192.168.1.20", False),
        ("::", False),
        ("classroom.local", False),
    ],
)
def test_an_address_that_others_can_reach_is_shared(
    address: str, only_here: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("TFPOOL_SHARED", raising=False)
    monkeypatch.setattr(sharing, "in_a_server", lambda: True)
    monkeypatch.setattr(sharing.config, "get_option", {"server.address": address}.__getitem__)
    assert sharing.is_shared() is not only_here
    for said, is_shared in (("1", True), ("0", False)):
        monkeypatch.setenv("TFPOOL_SHARED", said)
        assert sharing.is_shared() is is_shared


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TFPOOL_SHARED", "yes"),
        ("TFPOOL_TEACHER_KEY", "short"),
        ("TFPOOL_VISITOR_RUNS", "0"),
        ("TFPOOL_VISITOR_RUNS", "many"),
        ("TFPOOL_VISITOR_DISK", "-5"),
        ("TFPOOL_VISITOR_UPLOAD", "1.5"),
    ],
)
def test_a_setting_that_cannot_be_used_ends_the_server_with_one_line(
    name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SystemExit) as ended:
        serving.middleware()
    assert name in str(ended.value.code)
    assert "\n" not in str(ended.value.code)


def test_uploads_are_as_large_as_the_smaller_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFPOOL_VISITOR_UPLOAD", "100")
    monkeypatch.setenv("TFPOOL_SHARED", "1")
    assert (sharing.most_upload(300), sharing.most_upload(50)) == (100, 50)
    monkeypatch.setenv("TFPOOL_SHARED", "0")
    assert sharing.most_upload(300) == 300
