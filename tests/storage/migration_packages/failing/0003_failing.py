"""Does something, then fails."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("storage", "0002_seam")]

    operations = [ops.RunSQL("DELETE FROM message"), ops.RunSQL("UPDATE nowhere SET x = 1")]
