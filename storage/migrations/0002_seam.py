"""Where a reply was taken up inexactly, and the engine that began it. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import DigestField


class Migration(migrations.Migration):
    dependencies = [("storage", "0001_initial")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Generation",
            name="engine_digest",
            field=DigestField(null=True, generated=False, unique=False),
        ),
        ops.AddField(model_name="Generation", name="seam", field=fields.IntField(db_default=-1)),
        ops.AddField(model_name="Message", name="seam", field=fields.IntField(db_default=-1)),
    ]
