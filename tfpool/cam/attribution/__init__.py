"""The explanation methods, one module per family, and their table in `methods`. Add a method here.

Judging a map is in `cam.metrics`, drawing one in `cam.figures`. Others use `methods.METHODS`.
"""
