"""Conversations as files: out of the storage, and into it."""
