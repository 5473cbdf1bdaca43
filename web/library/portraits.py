"""Portraits: a card's picture, decoded and written anew. The only importer of Pillow, within the workshop.

What is shown to browsers is never the file that came: it is drawn again from its pixels, so nothing that hid
in it (scripts, places, other files) lives on. SVG is none of the formats that are read.
"""

import io
from importlib import import_module
from typing import Any

from msgspec import Struct

FORMATS = ("PNG", "JPEG", "WEBP", "GIF")
PORTRAIT = (960, 1_200)  # most width and height, pixels
THUMB = (256, 320)
QUALITY = 84


class PictureTrouble(Exception):  # noqa: N818 - named as its siblings in troubles.py
    """The picture is left out; the text says why, in half a sentence; `code` and `facts` as a warning about a
    card has them."""

    def __init__(self, text: str, code: str, *facts: int) -> None:
        super().__init__(text)
        self.code = code
        self.facts = facts


class Portraits(Struct, frozen=True):
    """Both as WebP."""

    portrait: bytes = b""
    thumb: bytes = b""


def portraits_of(data: bytes, most_pixels: int) -> Portraits:
    """Raises PictureTrouble."""
    picture = drawn(data, most_pixels, PORTRAIT)
    return Portraits(small(picture, PORTRAIT), small(picture, THUMB))


def thumb_of(data: bytes, most_pixels: int) -> bytes:
    """A small WebP. Raises PictureTrouble."""
    return small(drawn(data, most_pixels, THUMB), THUMB)


def redrawn(data: bytes, most_pixels: int, side: int) -> tuple[bytes, bytes, tuple[int, int]]:
    """As a PNG of that width and height at most, as a small WebP, and the size of the PNG. Raises
    PictureTrouble."""
    picture = drawn(data, most_pixels, (side, side))
    picture.thumbnail((side, side))
    out = io.BytesIO()
    picture.save(out, "PNG", optimize=True)
    return out.getvalue(), small(picture, THUMB), picture.size


def drawn(data: bytes, most_pixels: int, size: tuple[int, int]) -> Any:
    """The pixels. A JPEG is decoded near the size that is wanted. Raises PictureTrouble."""
    try:
        # Loaded where there is a picture: it is large.
        image: Any = import_module("PIL.Image")
        operations: Any = import_module("PIL.ImageOps")
    except ImportError as error:
        raise PictureTrouble(
            "Pillow is not installed here: run python3 -m deploy setup", "picture_no_decoder"
        ) from error
    image.MAX_IMAGE_PIXELS = None  # the limit below is checked before a pixel is decoded
    try:
        with image.open(io.BytesIO(data), formats=FORMATS) as opened:
            width, height = opened.size
            check_size(width * height, most_pixels)
            opened.draft("RGB", size)
            turned = operations.exif_transpose(opened)
            return turned.convert("RGBA" if turned.has_transparency_data else "RGB")
    except PictureTrouble:
        raise
    except Exception as error:  # a decoder of foreign bytes may raise anything
        raise PictureTrouble("it is damaged, or of a kind that is not shown", "picture_unshown") from error


def check_size(pixels: int, most: int) -> None:
    """Raises PictureTrouble."""
    if pixels > most:
        raise PictureTrouble(
            f"it has {pixels:,} pixels, more than {most:,}", "picture_too_large", pixels, most
        )


def small(picture: Any, most: tuple[int, int]) -> bytes:
    copy = picture.copy()
    copy.thumbnail(most)
    out = io.BytesIO()
    copy.save(out, "WEBP", quality=QUALITY)
    return out.getvalue()
