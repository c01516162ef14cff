"""The command line, `python -m tfpool`: options in `parser`, and one module of commands per topic. Add a command here.

What a command computes is in the package of its topic. Others use `parser.main`.
"""
