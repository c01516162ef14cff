"""The Claims page: one card per claim, its charts, and the claims that run in the background.

Experiments and verdicts are in `tfpool.lab`. Others use `cards`.
"""
