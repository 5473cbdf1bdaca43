"""`python3 -m deploy test`: everything that must hold, in one run."""
