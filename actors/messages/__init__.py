"""Typed messages, one topic a file; imports only msgspec."""
