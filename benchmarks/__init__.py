"""How fast tfpool is, beside its peers where these are installed: one script per question.

`python benchmarks/NAME.py` measures at full length, with `--short` in about a minute; `python -m benchmarks --short`
runs all of them. Nothing imports this package but its tests.
"""
