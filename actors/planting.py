"""Bugs that the fault bench plants in a process of a node, each of which its checker must catch.

They live in the tests of a checkout and nowhere else: an installed Samovar has no tests, so there the
variable does nothing.
"""

import logging
import os
from collections.abc import Mapping

from deploy.checkout_tests import checkout_test_module

log = logging.getLogger(__name__)

VARIABLE = "SAMOVAR_PLANTED"  # names with commas between them


def plant(process: str, environ: Mapping[str, str] = os.environ) -> tuple[str, ...]:
    """Plant what the environment names in this process, before it serves; returns what was planted."""
    names = tuple(filter(None, environ.get(VARIABLE, "").split(",")))
    if not names:
        return ()
    planted = checkout_test_module("tests.faults.planted")
    if planted is None:
        log.warning("%s is for a checkout alone: ignored", VARIABLE)
        return ()
    for name in names:
        planted.plant(name, process)
        log.warning("planted by the environment: %s", name)
    return names
