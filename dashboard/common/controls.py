"""Controls that several pages share: networks, heads, whole numbers.

Their values are in the address of the page, so that a copied link shows the same.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import streamlit as st

from dashboard.common.glossary import meaning
from tfpool.networks.catalog import CATALOG, find
from tfpool.networks.graph import known_size
from tfpool.networks.heads import HEADS

SIDES = range(32, 513, 32)
"""Image sides to choose from, in pixels."""
_ENLARGED = 64
"""Side in pixels to which small images are enlarged, to train a network that was published for large ones."""


def head_label(name: str) -> str:
    """What a control calls a head, which also stands in the page's address."""
    return HEADS[name].label


def network(page: str, default: str) -> str:
    names = list(CATALOG)
    return st.selectbox("Network", names, names.index(default), key=f"{page}_network", bind="query-params")


def networks(page: str, default: list[str]) -> list[str]:
    """One or several networks."""
    return st.multiselect(
        "Networks",
        list(CATALOG),
        default,
        key=f"{page}_networks",
        placeholder="Choose networks",
        help=f"Backbones. {meaning('backbone')}",
        bind="query-params",
    )


def head(page: str, default: str) -> str:
    return _heads("Head", f"{page}_head", default=default, required=True)


def heads(page: str, default: list[str]) -> list[str]:
    """One or several heads, in the order of `HEADS`."""
    names = _heads("Heads", f"{page}_heads", default=default, selection_mode="multi")
    return [name for name in HEADS if name in names]


def _heads(label: str, key: str, **settings: Any) -> Any:
    help = "  \n".join([f"{meaning('head')}.", *(f"**{head.label}**: {head.meaning}" for head in HEADS.values())])
    settings |= {"help": help, "bind": "query-params"}
    return st.pills(label, list(HEADS), format_func=head_label, key=key, wrap=True, **settings)


def one_of(label: str, options: Sequence[str], key: str, **settings: Any) -> str:
    """Exactly one of a few options, by default the first."""
    settings = {"default": options[0], "required": True, "bind": "query-params", **settings}
    return str(st.segmented_control(label, options, key=key, **settings))


def begin_with(key: str, options: Collection[str], chosen: Sequence[str]) -> None:
    """Choose options of a multiselect unless the address names some, and write them into the address.

    Streamlit keeps a default out of the address, so that a copied link would show whatever the default is later.
    """
    if key not in st.session_state and set(options).isdisjoint(st.query_params.get_all(key)):
        st.session_state[key] = st.query_params[key] = list(chosen)


def whole_number(
    label: str, page: str, key: str, default: int, most: int, least: int = 1, help: str | None = None
) -> int:
    return int(
        st.number_input(label, least, most, default, step=1, key=f"{page}_{key}", help=help, bind="query-params")
    )


def of_parameters(network: str, heads: Sequence[str], side: int, classes: int) -> dict[str, Any]:
    """Values of the controls of Parameters, for a link: a network with these heads at the nearest image side."""
    return {
        "parameters_networks": network,
        "parameters_heads": [head_label(name) for name in heads],
        "parameters_side": min(SIDES, key=lambda choice: abs(choice - side)),
        "parameters_classes": classes,
    }


def of_training(network: str, heads: Sequence[str]) -> dict[str, Any]:
    """Values of the controls of Train, for a link: a network with these heads, on small images."""
    large = {} if known_size(find(network).input_shape[0]) <= SIDES[0] else {"train_image_size": _ENLARGED}
    return {"train_networks": network, "train_heads": [head_label(name) for name in heads], **large}
