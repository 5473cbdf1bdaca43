"""A picture for a card that has none: a quiet gradient whose colours are the name's own."""

import colorsys
import struct
import zlib

from actors.character.formats.png_chunks import Chunk, write_chunks

WIDTH, HEIGHT = 400, 600  # what other programs show cards in: 2 to 3


def gradient(name: str) -> bytes:
    """A PNG; the same name gives the same picture."""
    hue = zlib.crc32(name.encode(errors="surrogatepass")) / 2**32
    top, bottom = colorsys.hls_to_rgb(hue, 0.62, 0.45), colorsys.hls_to_rgb((hue + 0.12) % 1, 0.24, 0.5)
    rows: list[bytes] = []
    for y in range(HEIGHT):
        share = y / (HEIGHT - 1)
        colour = [round(255 * (a + (b - a) * share)) for a, b in zip(top, bottom, strict=True)]
        rows.append(b"\0" + bytes(colour) * WIDTH)  # filter: none
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)  # 8 bits, red green blue
    pixels = zlib.compress(b"".join(rows), 9)
    return write_chunks([Chunk(b"IHDR", header), Chunk(b"IDAT", pixels), Chunk(b"IEND", b"")])
