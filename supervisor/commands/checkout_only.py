"""Commands whose work lies among the tests: they run from a checkout of the project alone."""

from typing import Any

from deploy.checkout_tests import checkout_test_module
from supervisor.errors import NotACheckoutError


def from_checkout(module: str, command: str) -> Any:
    """The module below tests/ that does the work. Raises NotACheckoutError."""
    found = checkout_test_module(module)
    if found is None:
        raise NotACheckoutError(f"{command} is part of the tests: run it from a checkout of the project.")
    return found
