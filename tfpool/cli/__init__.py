"""The command line, `python -m tfpool`: which commands there are (`parser`), and one module per topic. Add a command here.

What a command does is in the package of its topic. Others use `parser.main`.
"""
