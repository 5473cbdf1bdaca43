"""Summaries that tell of what is another since. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("storage", "0012_tree_marks")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Summary",
            name="stale",
            field=fields.BooleanField(db_default=False),
        ),
    ]
