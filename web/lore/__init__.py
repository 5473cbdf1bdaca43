"""Lorebooks of users: brought, changed, tried out, and how they leave again."""
