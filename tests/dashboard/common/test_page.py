"""Messages on pages."""

import pytest

from dashboard.common.page import message_of


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("/srv/store/mine.keras is damaged", r"mine\.keras is damaged"),
        (r"C:\Users\me\mine.keras is damaged", r"mine\.keras is damaged"),
        ("No layer backbone/conv1 in '/srv/mine.keras'", r"No layer backbone\/conv1 in \'mine\.keras\'"),
        ("See https://keras.io/api/models", r"See https\:\/\/keras\.io\/api\/models"),
    ],
)
def test_a_message_names_no_folder_of_the_server(text: str, shown: str) -> None:
    assert message_of(ValueError(text)) == shown
