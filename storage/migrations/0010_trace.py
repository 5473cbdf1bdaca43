"""How messages came about. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0009_versions")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MessageTrace",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "storage.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={
                "table": "message_trace",
                "app": "storage",
                "unique_together": (("conversation_id", "id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
