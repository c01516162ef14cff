"""The Runs page: the table of runs, ranking, comparison over seeds, and the details of one run.

What runs have come to is worked out in `tfpool.tracking`. Others use `run_table` and `comparison`.
"""
