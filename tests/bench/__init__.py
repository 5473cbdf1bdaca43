"""Benchmarks that need a checkout: what they measure against, or what they start, is not part of Samovar."""
