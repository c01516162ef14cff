"""One module per claim; its docstring was written before its results and says what would overturn them. Add one here.

Name it in `lab.claim.CLAIMS`. Training, statistics and verdicts are in `lab`. Others use `lab.find`.
"""
