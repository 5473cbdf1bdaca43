"""The real second migration."""

from importlib import import_module

Migration = import_module("storage.migrations.0002_seam").Migration
