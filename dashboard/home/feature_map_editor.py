"""A small feature map whose cells are typed into, painted in shades, and shifted as a whole."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import streamlit as st

MOST = 9
"""A cell holds one digit, so that a map is a short word in the address."""

_HTML = """
<div class="map" role="group"></div>
<div class="row arrows" role="group" aria-label="Shift the map">
<button data-step="0,-1" aria-label="Shift left">&larr;</button>
<button data-step="-1,0" aria-label="Shift up">&uarr;</button>
<button data-step="1,0" aria-label="Shift down">&darr;</button>
<button data-step="0,1" aria-label="Shift right">&rarr;</button>
</div>
<div class="row patterns" role="group" aria-label="Patterns"></div>
"""
_CSS = """
.map { display: grid; gap: 4px; max-width: 204px; }
input { aspect-ratio: 1; width: 100%; box-sizing: border-box; text-align: center; font: inherit; font-size: 18px;
  font-family: var(--st-font); border: 1px solid var(--st-border-color); border-radius: var(--st-base-radius);
  appearance: textfield; -moz-appearance: textfield; }
input::-webkit-inner-spin-button { display: none; }
input:focus-visible, button:focus-visible { outline: 2px solid var(--st-primary-color); outline-offset: 1px; }
.row { display: flex; flex-wrap: wrap; gap: 6px; margin-top: 8px; }
button { font: inherit; font-family: var(--st-font); font-size: 14px; min-width: 44px; min-height: 36px;
  padding: 2px 12px; cursor: pointer; color: var(--st-text-color); background: var(--st-background-color);
  border: 1px solid var(--st-border-color); border-radius: var(--st-button-radius); }
.patterns button { padding: 2px 6px; }
button:hover { border-color: var(--st-primary-color); }
"""
_JS = """
export default function ({ data, parentElement, setStateValue }) {
  const side = data.side, most = data.most;
  const map = parentElement.querySelector(".map"), patterns = parentElement.querySelector(".patterns");
  const digits = (word) => [...word].map(Number);
  let cells = digits(data.cells);
  map.setAttribute("aria-label", data.label);
  map.style.gridTemplateColumns = `repeat(${side}, 1fr)`;
  while (map.children.length < side * side) {
    const input = document.createElement("input");
    Object.assign(input, { type: "number", min: 0, max: most, step: 1 });
    const at = map.children.length;
    input.setAttribute("aria-label", `Row ${Math.floor(at / side) + 1}, column ${at % side + 1}`);
    map.append(input);
  }
  // Whether black is read better than white on a colour, by the contrast of WCAG 2.
  const bright = (colour) => {
    const unit = colour.startsWith("color(") ? 1 : 255;
    const [red, green, blue] = colour.match(/[0-9.]+(?![a-z])/g).slice(0, 3).map((part) => (part / unit) ** 2.2);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue > 0.18;
  };
  const draw = () => cells.forEach((value, at) => {
    const input = map.children[at], share = Math.round(100 * value / most);
    if (input.value !== String(value)) input.value = value;
    input.style.background =
      `color-mix(in srgb, var(--st-primary-color) ${share}%, var(--st-background-color))`;
    input.style.color = bright(getComputedStyle(input).backgroundColor) ? "#000" : "#fff";
  });
  const change = (next) => { cells = next; draw(); setStateValue("cells", cells.join("")); };
  [...map.children].forEach((input, at) => {
    input.onfocus = () => input.select();
    input.onchange = () => {
      const value = Math.min(most, Math.max(0, Math.round(Number(input.value) || 0)));
      change(cells.map((each, place) => place === at ? value : each));
    };
  });
  parentElement.querySelectorAll(".arrows button").forEach((button) => {
    const [down, right] = button.dataset.step.split(",").map(Number);
    button.onclick = () => change(cells.map((_, at) => {
      const row = (Math.floor(at / side) - down + side) % side, column = (at % side - right + side) % side;
      return cells[row * side + column];
    }));
  });
  data.patterns.forEach(([name, word], at) => {
    if (!patterns.children[at]) patterns.append(document.createElement("button"));
    patterns.children[at].textContent = name;
    patterns.children[at].onclick = () => change(digits(word));
  });
  draw();
}
"""
_component = st.components.v2.component("tfpool_painting", html=_HTML, css=_CSS, js=_JS)


def painted(patterns: Mapping[str, str], key: str, label: str) -> np.ndarray:
    """A square map of digits to be changed by hand, int (H, W). It stands in the address under the control's key.

    Args:
        patterns: maps to start from by their names, a digit for each cell, row by row. The first is shown at first.
        key: of the control.
        label: what the map is called for who cannot see it.
    """
    first = next(iter(patterns.values()))
    side = round(len(first) ** 0.5)
    state = st.session_state.get(f"{key}_cells") or {}
    shown = _digits(state.get("cells"), len(first)) or _digits(st.query_params.get(key), len(first)) or first
    result = _component(
        # A tuple: for a list or a dictionary in it Streamlit would load pandas, to see whether it is a table.
        data={
            "cells": shown,
            "side": side,
            "most": MOST,
            "patterns": tuple(patterns.items()),
            "label": label,
        },
        default={"cells": None},
        key=f"{key}_cells",
        on_cells_change=lambda: None,
    )
    word = _digits(result.cells, len(first)) or shown
    if word != st.query_params.get(key, first):
        st.query_params[key] = word
    return np.array([int(digit) for digit in word]).reshape(side, side)


def _digits(values: object, count: int) -> str:
    """What a browser or an address says, as so many digits; nothing where it says anything else."""
    word = str(values or "")
    return word if len(word) == count and word.isascii() and word.isdigit() else ""
