"""Saved models of unknown origin: `archive` checks the file, `config` its names against `allowlist`, `load` opens it.

Files of weights alone are in `models.pretrained`. Other packages use `load.load_model`.
"""
