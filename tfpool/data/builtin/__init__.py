"""How built-in data sets are made: from bundled files or by `keras.datasets`. Each has its row in `data.registry.DATA`.

People's own images are in `data.custom`. Others use `data.load`.
"""
