"""What a network is: the symbolic graph, ops, backbones, heads and the catalog of names. Add a network or a head here.

Counting and building a network live elsewhere. Others use `graph`, `ops`, `heads.HEADS` and `catalog.CATALOG`.
"""
