"""The command line, `python -m tfpool`: the `parser`, and one module of commands per topic. Add a command here.

What a command does is in the package of its topic. Others use `parser.main`.
"""
