"""The Runs page: the table of runs, their ranking, a comparison over seeds, and the details of one run."""
