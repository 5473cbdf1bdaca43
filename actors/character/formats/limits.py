"""How large and how odd a card's file may be. Cards come from strangers, so everything has a bound."""

from msgspec import Struct


class CardLimits(Struct, frozen=True, forbid_unknown_fields=True):
    """Reading and writing of cards and lorebooks."""

    file_bytes: int = 134_217_728  # the file as it comes, and one that is written
    # -- the JSON of the card
    json_bytes: int = 33_554_432
    json_depth: int = 64  # objects and lists within each other
    json_parts: int = 1_000_000  # values in all
    warnings: int = 100  # told; further ones are counted
    # -- PNG
    png_chunks: int = 50_000
    png_chunk_bytes: int = 67_108_864
    png_pixels: int = 50_000_000  # width times height
    inflated_bytes: int = 67_108_864  # compressed texts of one PNG, all together
    # -- zip
    zip_entries: int = 10_000
    zip_entry_bytes: int = 67_108_864  # one file, inflated
    zip_bytes: int = 268_435_456  # all files, inflated
    zip_ratio: int = 200  # inflated size over packed size, of one file …
    zip_ratio_from: int = 4_194_304  # … that inflates to more than this
    # -- WebP and JPEG
    segments: int = 10_000
