"""Figures of long conversations in a real browser: `samovar bench chat`."""
