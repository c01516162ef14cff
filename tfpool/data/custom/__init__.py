"""Images that people bring: read a folder or zip, report what is wrong with it, split it and store it.

Data sets that ship or are downloaded are in `data.builtin`. Others use `data.add` and `data.inspect`.
"""
