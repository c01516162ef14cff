"""The machine: atomic files, processes, child processes, start-up, the terminal, numbers as text.

Nothing here knows networks or runs. Others use `files.atomic`, `spawn.spawn` and `format`.
"""
