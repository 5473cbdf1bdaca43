"""Log files of the node's processes: one line each, rotated by size."""

import logging
import time
from logging.handlers import RotatingFileHandler
from pathlib import Path


class OneLine(logging.Formatter):
    """`2026-01-31T12:00:00.123Z INFO actors.host message`; a traceback is joined with " | "."""

    converter = time.gmtime
    default_time_format = "%Y-%m-%dT%H:%M:%S"
    default_msec_format = "%s.%03dZ"

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(name)s %(message)s")

    def format(self, record: logging.LogRecord) -> str:
        return " | ".join(line.rstrip() for line in super().format(record).splitlines() if line.strip())


def log_to(path: Path, max_bytes: int, files: int) -> None:
    """Send this process's log records, INFO and above, to `path`; `files` older ones are kept."""
    handler = RotatingFileHandler(path, maxBytes=max_bytes, backupCount=files, encoding="utf-8", delay=True)
    handler.setFormatter(OneLine())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.INFO)
    logging.captureWarnings(True)
