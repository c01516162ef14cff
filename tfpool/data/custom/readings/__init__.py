"""The ways in which a folder of images can be understood: by folders, a table, file names, or boxes.

Folders themselves are read in `data.custom.class_folders`.
"""
