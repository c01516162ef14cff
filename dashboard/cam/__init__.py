"""The CAM page: choosing models and images, the maps, the sum behind a score, the test of a map, downloads.

Computing maps is in `tfpool.cam`. Others use `explanations` and `model_picker`.
"""
