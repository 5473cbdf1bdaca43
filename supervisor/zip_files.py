"""Zips of users: what reading a file out of one raises."""

import zipfile
import zlib

UNREADABLE = (OSError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError)
"""The last two: the file is packed in an unknown way, or encrypted."""
