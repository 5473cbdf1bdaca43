"""Alters tables that others refer to: on SQLite each is made anew and its old self dropped."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField
from storage.migrate import known_migrations
from storage.orm import MIGRATIONS


class Migration(migrations.Migration):
    dependencies = [("storage", known_migrations(MIGRATIONS)[-1])]

    operations = [
        ops.AlterField("Account", "name", fields.CharField(max_length=300, unique=True)),
        ops.AlterField("Conversation", "head", IdField(null=True)),
    ]
