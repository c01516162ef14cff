"""Networks up to their last convolution, one function over the graph per family. Add a network here.

Heads live in `networks.heads`; the names and published sizes live in `networks.catalog`, which calls these functions.
"""
