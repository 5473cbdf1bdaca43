"""Leaves a row that refers to nothing; no row is lost."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("storage", "0002_seam")]

    operations = [ops.RunSQL("UPDATE message SET conversation_id = 'nobody'")]
