"""Saved models of unknown origin, read as data first and opened only if everything they name is on the allowlist.

Files of weights alone are in `models.pretrained`. Other packages use `load.load_model`.
"""
