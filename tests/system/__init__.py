"""Whole nodes, real processes, the real model, real kills."""
