"""The node: command line, settings, supervision tree, wardens."""
