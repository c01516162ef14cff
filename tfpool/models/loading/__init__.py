"""Saved models of unknown origin: what a file is, whether it may be opened, and the model in it.

`file_formats` tells files apart, `archive` checks their contents, `config` the names in them against `allowlist`.
`keras_2` rewrites what Keras 2 saved. `assembly` builds the model within the limits of `sizes`, `load` does it all.
Files of weights alone are in `models.pretrained`. Other packages use `load.load_model` and `file_formats.format_of`.
"""
