"""Tortoise tables, migrations, queries by feature, sealed bodies."""
