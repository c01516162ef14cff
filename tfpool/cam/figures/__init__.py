"""Maps as pictures: an overlay on one image, a sheet of many with their titles, and shared color scales.

Computing maps is in `cam.attribution`. Others use `overlay.overlay`, `sheet.sheet` and `color_scales.SCALES`.
"""
