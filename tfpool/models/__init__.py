"""Keras models of a plan: build one, write its code, load weights and saved files, scale pixels for it.

Describing a network is in `networks`, training it in `training`. Others use `build`, `with_head`, `to_code`, `load`.
"""
