"""One module per claim; its docstring was written before its results and says what would overturn them. Add one here.

Training, statistics and verdicts are in `lab`. Others use `lab.find`.
"""
