"""The CAM page: choosing models and images, the maps, a score broken down, the test of a map, downloads.

Computing maps is in `tfpool.cam`. Others use `explanations` and `model_picker`.
"""
