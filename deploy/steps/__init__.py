"""The steps of the set-up, one a file."""
