"""What a network is: the symbolic graph, ops, backbones, heads and the catalog of names. Add a head in `heads`.

Add a network in `backbones`, an op in `ops`.
Counting and building a network live elsewhere. Others use `graph`, `ops`, `heads.HEADS` and `catalog.CATALOG`.
"""
