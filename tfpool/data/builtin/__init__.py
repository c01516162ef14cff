"""Built-in data sets, from bundled files or by `keras.datasets`. Add one here, and its row in `data.registry.DATA`.

People's own images are in `data.custom`. Others use `data.load`.
"""
