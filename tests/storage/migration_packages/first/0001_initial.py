"""The real first migration."""

from importlib import import_module

Migration = import_module("storage.migrations.0001_initial").Migration
