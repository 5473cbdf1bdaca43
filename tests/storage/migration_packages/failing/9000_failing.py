"""Does something, then fails."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import migrations
from tortoise.migrations import operations as ops

from storage.migrate import known_migrations
from storage.orm import MIGRATIONS


class Migration(migrations.Migration):
    dependencies = [("storage", known_migrations(MIGRATIONS)[-1])]

    operations = [ops.RunSQL("DELETE FROM message"), ops.RunSQL("UPDATE nowhere SET x = 1")]
