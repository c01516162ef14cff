"""The Home page: the feature map that can be edited, and the tour of two runs.

The growth chart, which Parameters shows too, is in `common`. Others use `feature_map_editor` and `tour`.
"""
