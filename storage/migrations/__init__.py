"""Tortoise's migrations of the tables; storage/migrate.py runs them."""
