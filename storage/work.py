"""Work: what a unit of work is, and which of its troubles leave the connection as good as before."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from tortoise.backends.base.client import BaseDBAsyncClient
from tortoise.exceptions import IntegrityError, ValidationError

from rust_crypto.errors import SealError
from storage.errors import RefusedError

T = TypeVar("T")

Db = BaseDBAsyncClient
Work = Callable[[Db], Awaitable[T]]

OF_THE_DATA = (RefusedError, IntegrityError, ValidationError, SealError, UnicodeError, OverflowError)
"""Trouble of the data, not of the connection."""
