"""Words of the trade and what they mean: one table, which the helps of all pages read."""

from __future__ import annotations

import re
from functools import lru_cache

import streamlit as st

MEANINGS = {
    "backbone": "all of a network before its head: the layers that make feature maps of an image",
    "head": "what comes after the last feature map and turns it into one score per class",
    "Dense": "a layer with a weight for each of its inputs and each class, and a bias per class",
    "parameters": "the numbers that make up a network and that training finds: weights and biases",
    "MACs": "multiply-adds for one image: a multiplication with its addition counts one",
    "ReLU": "sets what is below zero to zero",
    "padding": "what a convolution finds beyond the edge of a map: zeros, which tell it where the edge is; the "
    "opposite side (circular), so that no place is an edge; or nothing, so that the map shrinks",
    "stride": "how many positions a layer moves on from one output to the next: 2 halves the sides of a map",
    "output stride": "how many times smaller the sides of the last feature map are than those of the image",
    "dilation": "a convolution reads positions that stand apart: it sees as far as after a stride, and the map stays "
    "large",
    "residual": "of blocks whose input is added to their output, as in ResNets, so that deep networks train",
    "dropout": "sets a random share of values to zero in each step of training, against learning by heart",
    "seed": "the number that everything random follows from: initial weights, order of images. Another seed, another "
    "draw",
    "epoch": "one pass over the training images",
    "loss": "what training makes small: how wrong the network is, and how surely",
    "learning rate": "how far each step of training moves the weights",
    "validation": "images that are not trained on: after each epoch they tell how the network does on new ones",
    "gap": "how many points of accuracy training images are ahead of validation images: far above 0, they were learnt "
    "by heart",
    "interval": "at 95 %, a range that holds the true value in 95 of 100 such measurements: with few seeds or images "
    "it is wide",
    "gradient": "how much a score changes with each number that it follows from",
    "CAM": "class activation map: the class's weights at each position, so where its score comes from",
    "HiResCAM": "gradient times activation at each position: what the position adds to the score, exactly so for GAP "
    "and Flatten",
    "intersection over union": "area that two boxes share, as a share of the area that either covers: 1 where they "
    "agree",
    "MaxBoxAccV2": "share of objects that a box around the map's high values covers, at the threshold that suits best: "
    "the mean of an easy, a middling and a hard demand on how well",
    "average precision": "how well the map ranks the object's pixels before all others: 1 where it does entirely",
    "insertion": "pixels come into a blurred image, most important first, and the class's probability is watched: "
    "higher is better",
    "deletion": "pixels go, most important first, and the class's probability is watched: lower is better",
}
"""Each word with its meaning, which begins small and ends without a stop."""
_FORMS = {"padding": "padd(?:ing|ed)", "dilation": "dilat(?:ion|ed)", "loss": "loss(?:es)?"}
"""Words that are not found by themselves or with an s."""


def meaning(*words: str) -> str:
    """What a word means, as the help of a control; of several a line each."""
    if len(words) == 1:
        return f"{MEANINGS[words[0]][0].upper()}{MEANINGS[words[0]][1:]}"
    return "  \n".join(f"**{word}**: {MEANINGS[word]}" for word in words)


def used(text: str) -> list[str]:
    """The words of the table that are in a text, in its order."""
    return [word for word in MEANINGS if re.search(_pattern(word), text)]


def _pattern(word: str) -> str:
    """It may begin a sentence. GAP is no gap."""
    form = _FORMS.get(word, f"{word.removesuffix('s')}s?")
    return rf"\b(?:{form}|{form[0].upper()}{form[1:]})\b"


@lru_cache(maxsize=256)
def _all(text: str) -> tuple[str, ...]:
    """The words that are in a text, and those that are in their meanings."""
    found: list[str] = []
    while (more := used("\n".join([text, *(MEANINGS[word] for word in found)]))) != found:
        found = more
    return tuple(found)


def words(text: str, label: str, key: str) -> None:
    """A line that opens on the meanings of the words that are in a text, and of those that are in the meanings."""
    if found := _all(text):
        # No popover: the keys would not reach the end of a long one.
        with st.expander(label, type="compact", key=key):
            st.markdown("\n".join(f"- **{word}**: {MEANINGS[word]}" for word in found))
