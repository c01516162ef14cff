"""The Build page: the diagram of a network's blocks, and two heads on one network side by side.

Counting is in `tfpool.counting`. Others use `network_diagram` and `head_comparison`.
"""
