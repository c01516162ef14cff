"""Maps as pictures: an overlay on one image, a sheet of many with titles, captions and a color bar.

Computing maps is in `cam.attribution`. Others use `overlay.overlay` and `sheet.sheet`.
"""
