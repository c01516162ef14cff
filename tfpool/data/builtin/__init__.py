"""Data sets that tfpool knows by name: the bundled ones and those of `keras.datasets`. Add a built-in data set here.

People's own images are in `data.custom`; the table of names is in `data.registry`. Others use `data.load`.
"""
