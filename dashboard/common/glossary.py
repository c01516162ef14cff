"""Technical terms and their meanings, for the help texts of all pages."""

from __future__ import annotations

import re
from functools import lru_cache

import streamlit as st

MEANINGS = {
    "backbone": "the part of a network before the head: the layers that turn an image into feature maps",
    "head": "the part of a network after the last feature map, which turns the map into one score per class",
    "feature map": "the values of one channel at all positions of a layer: high where the network finds a pattern",
    "receptive field": "the part of the image that one position of a map depends on",
    "logit": "the score of a class before softmax turns all scores into probabilities",
    "Dense": "a layer with one weight per input and class, and one bias per class",
    "parameters": "the numbers that training adjusts: weights and biases",
    "MACs": "multiply-adds for one image: a multiplication and the addition after it count as one",
    "ReLU": "sets negative values to zero",
    "padding": "what a convolution reads beyond the edge of a map: zeros, which reveal where the edge is; the opposite "
    "side (circular), so that there is no edge; or nothing, so that the map shrinks",
    "stride": "how many positions a layer moves from one output to the next: a stride of 2 halves the sides of a map",
    "output stride": "the side of the image divided by the side of the last feature map",
    "dilation": "a convolution skips positions between those it reads: it covers as much of the image as after a "
    "stride, and the map stays large",
    "residual": "a residual block adds its input, carried by the shortcut, to what its layers compute, so that deep "
    "networks can be trained",
    "dropout": "sets a random part of the values to zero in each training step, against overfitting",
    "seed": "the number that fixes everything random: initial weights, order of images. Another seed gives another "
    "result",
    "epoch": "one pass over all training images",
    "accuracy": "the fraction of images whose class is predicted correctly",
    "loss": "the number that training minimizes: large where predictions are wrong, largest where they are wrong and "
    "confident",
    "learning rate": "how far each training step moves the weights",
    "validation": "images that are not trained on: after each epoch they show how the network does on new images",
    "overfitting": "the network does better on its training images than on new ones: its training accuracy is "
    "far above its validation accuracy",
    "interval": "at 95 %, a range that holds the true value in 95 of 100 such measurements: wide with few seeds or "
    "images",
    "gradient": "how much a score changes when a number that the score depends on grows a little",
    "CAM": "class activation map: the evidence for a class at each position, from which its score is computed",
    "HiResCAM": "gradient times activation at each position: what the position adds to the score, exact for GAP and "
    "Flatten",
    "intersection over union": "the area that two boxes share, divided by the area that they cover together: 1 where "
    "they agree",
    "MaxBoxAccV2": "the percentage of objects found by a box around the high values of the map, at the best threshold: "
    "the mean over an easy, a medium and a hard criterion",
    "average precision": "how well the map ranks the pixels of the object before all others: 1 is perfect",
    "insertion": "pixels are added to a blurred image, most important first, and the probability of the class is "
    "tracked: higher is better",
    "deletion": "pixels are removed, most important first, and the probability of the class is tracked: lower is "
    "better",
}
"""Each meaning starts in lower case and ends without a period."""
_FORMS = {
    "accuracy": "accurac(?:y|ies)",
    "padding": "padd(?:ing|ed)",
    "dilation": "dilat(?:ion|ed)",
    "loss": "loss(?:es)?",
    "overfitting": "overfit(?:s|ting)?",
}
"""Patterns of terms that appear in other forms than with a plural s."""


def meaning(*words: str) -> str:
    """The meaning of a term, as help for a control; of several terms one line each."""
    if len(words) == 1:
        return f"{MEANINGS[words[0]][0].upper()}{MEANINGS[words[0]][1:]}"
    return "  \n".join(f"**{word}**: {MEANINGS[word]}" for word in words)


def used(text: str) -> list[str]:
    """The terms in a text, in the order of `MEANINGS`."""
    return [word for word in MEANINGS if re.search(_pattern(word), text)]


def _pattern(word: str) -> str:
    """The term, perhaps with a capital as the first word of a sentence. The head GAP is not a gap."""
    form = _FORMS.get(word, f"{word.removesuffix('s')}s?")
    return rf"\b(?:{form}|{form[0].upper()}{form[1:]})\b"


@lru_cache(maxsize=256)
def _all(text: str) -> tuple[str, ...]:
    """The terms in a text, and those in their meanings."""
    terms: list[str] = []
    while (more := used("\n".join([text, *(MEANINGS[word] for word in terms)]))) != terms:
        terms = more
    return tuple(terms)


def words(text: str, label: str, key: str) -> None:
    """A folded list of the terms in a text, and those in their meanings."""
    if terms := _all(text):
        # A popover could not be scrolled to its end by keyboard.
        with st.expander(label, type="compact", key=key):
            st.markdown("\n".join(f"- **{word}**: {MEANINGS[word]}" for word in terms))
