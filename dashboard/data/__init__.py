"""The Data page: adding one's own images, and work with a progress bar and a Stop button.

Reading the images is in `tfpool.data`. Others use `own_images`.
"""
