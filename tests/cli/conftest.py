"""Folders of images and an empty place for data sets, as the tests of `data` have them."""

from tests.data.conftest import fill, home

__all__ = ["fill", "home"]
