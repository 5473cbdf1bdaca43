"""From a bare checkout to a running node, with the standard library alone."""
