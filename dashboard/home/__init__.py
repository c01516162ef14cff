"""The Home page: the feature map that can be edited (`feature_map_editor`), and the tour of two runs (`tour`)."""
