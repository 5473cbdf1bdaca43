"""Marks of messages, for what was removed and bookmarked; revisions, for other words. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0011_organise")]

    initial = False

    operations = [
        ops.CreateModel(
            name="MessageMark",
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
                ("removed", fields.CharField(max_length=20)),
                ("bookmark_key_id", IdField(generated=False, null=False, unique=False)),
                ("bookmark_suite", fields.SmallIntField()),
                ("bookmark_blob", fields.BinaryField()),
            ],
            options={
                "table": "message_mark",
                "app": "storage",
                "indexes": [Index(fields=["conversation_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="MessageRevision",
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
                ("message", IdField(generated=False, null=False, unique=False)),
                ("number", fields.IntField()),
                ("created_ms", fields.BigIntField()),
                ("request_key", IdField(null=True, generated=False, unique=False)),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={
                "table": "message_revision",
                "app": "storage",
                "unique_together": (("message", "number"),),
                "indexes": [Index(fields=["conversation_id"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
