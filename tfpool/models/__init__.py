"""Keras models of a plan: build one, write its code, load weights and saved files, scale pixels for it.

Networks are described in `networks` and trained in `training`. Other packages use `build`, `to_code`, `load`.
"""
