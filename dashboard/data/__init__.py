"""The Data page: adding images of one's own and looking through a data set.

Reading the images is in `tfpool.data`. Others use `own_images`.
"""
