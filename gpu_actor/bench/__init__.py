"""Measurements of the parts of the engine."""
