"""Summaries of the oldest messages, and who gave a conversation its title. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0006_lorebooks")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Summary",
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
                ("author", fields.CharField(max_length=20)),
                ("created_ms", fields.BigIntField()),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={"table": "summary", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.AddField(
            model_name="Conversation",
            name="summarise",
            field=fields.BooleanField(db_default=True),
        ),
        ops.AddField(
            model_name="Conversation",
            name="titled_by",
            field=fields.CharField(db_default="person", max_length=20),
        ),
    ]
