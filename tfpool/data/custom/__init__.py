"""People's own images: read a folder or zip, report what is wrong with it, split it and store it.

Bundled and downloaded data sets are in `data.builtin`. Others use `data.add` and `data.inspect`.
"""
