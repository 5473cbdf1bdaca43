"""The decoder graph and the runtimes that execute it."""
