"""The Inside page in Streamlit's test harness."""

from pathlib import Path

import pytest

from tests.helpers.pages import opened, sound, words


@pytest.mark.slow
def test_the_head_is_switched_in_place_and_the_address_keeps_the_model(empty: Path) -> None:
    app = opened("Inside")
    assert app.selectbox(key="inside_model").value == "example-gap"
    app.button_group(key="inside_head").set_value("Flatten").run()
    sound(app)
    assert not app.error
    assert app.selectbox(key="inside_model").value == "example-flatten"
    assert "example-flatten" in app.query_params["inside_model"]
    app.number_input(key="inside_number").set_value(3).run()
    sound(app)
    assert "3 of 5,000: " in words(app).replace("\\", "")


def test_a_model_without_feature_maps_is_a_message(empty: Path) -> None:
    import keras

    empty.mkdir()
    keras.Sequential([keras.Input((28, 28, 1)), keras.layers.Flatten(), keras.layers.Dense(10)]).save(
        empty / "dense.keras"
    )
    app = opened("Inside", inside_model="dense.keras", inside_source="photographs")
    assert len(app.error) == 1
