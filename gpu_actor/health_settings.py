"""Settings of the health process; apart from it, so that nobody else loads its libraries."""

from msgspec import Struct


class HealthSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Section [health]."""

    every_s: float = 1.0  # pause between two readings
    late_s: float = 5.0  # a reading that takes longer is reported as a driver that hangs
    hot_c: int = 90  # a card this hot is worth a warning, °C
    disk_low_mb: int = 1_000  # less free space than this for the data folder is worth a warning
