"""A picture as people see it: upright, and where it is transparent on a ground that shows what is visible."""

from __future__ import annotations

from PIL import Image, ImageStat

_ORIENTATION = 0x0112
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, pixels: Image.Image | None = None) -> Image.Image:
    """Turn an image as its orientation says, which alone is read: one odd entry elsewhere in EXIF does no harm.

    `pixels` are turned instead, if they were read otherwise.
    """
    if pixels is None:
        image.load()
        pixels = image
    try:
        turn = _TURNS.get(image.getexif().get(_ORIENTATION, 1))
    except Exception:
        # Damaged EXIF raises errors of many types. The picture is whole.
        return pixels
    return pixels if turn is None else pixels.transpose(turn)


def on_plain_ground(image: Image.Image) -> Image.Image:
    """Put a transparent image on white if what is visible is dark, so that black ink stays visible; else on black."""
    if not image.has_transparency_data:
        # Pillow would copy an image that is RGB already.
        return image if image.mode == "RGB" else image.convert("RGB")
    with_alpha = image.convert("RGBA")
    on_black = Image.alpha_composite(Image.new("RGBA", image.size, "black"), with_alpha)
    light, visible = (ImageStat.Stat(plane).mean[0] for plane in (on_black.convert("L"), with_alpha.getchannel("A")))
    if light < visible / 2:
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), with_alpha).convert("RGB")
    return on_black.convert("RGB")
