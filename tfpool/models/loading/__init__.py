"""Saved models of unknown origin, read as data first and opened only if the allowlist has all that they name.

Weights alone are in `models.pretrained`. Others use `load.load_model`. Classes that may be opened are in `allowlist`.
"""
