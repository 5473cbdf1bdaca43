"""Folders, what a user has filed, and the index of words. Written by Tortoise, but for the last steps: what
lies beside the index, and all messages and titles that are there, which it takes in later.
"""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from typing import Any

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from storage.fields import IdField, TermsField

SQLITE = (
    """CREATE VIRTUAL TABLE search_stem USING fts5(terms, content='', tokenize='ascii')""",
    """CREATE VIRTUAL TABLE search_prefix USING fts5(terms, content='', tokenize='ascii', detail=none)""",
)
POSTGRES = ("CREATE INDEX search_entry_terms ON search_entry USING gin (terms)",)

MESSAGES = """
INSERT INTO search_pending (node_id, user_id, conversation_id, message)
SELECT node_id, user_id, conversation_id, id FROM message WHERE id <> parent ORDER BY created_ms
"""
TITLES = """
INSERT INTO search_pending (node_id, user_id, conversation_id, message)
SELECT node_id, user_id, id, id FROM conversation
"""


async def make_index(_apps: Any, editor: Any) -> None:
    postgres = editor.client.capabilities.dialect == "postgres"
    for statement in POSTGRES if postgres else SQLITE:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("storage", "0010_trace")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Filing",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                (
                    "conversation",
                    fields.OneToOneField(
                        "storage.Conversation",
                        source_field="conversation_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("folder", IdField(null=True, generated=False, unique=False)),
                ("pinned_ms", fields.BigIntField(db_default=0)),
                ("archived_ms", fields.BigIntField(db_default=0)),
                ("removed_ms", fields.BigIntField(db_default=0)),
                ("tags_key_id", IdField(generated=False, null=False, unique=False)),
                ("tags_suite", fields.SmallIntField()),
                ("tags_blob", fields.BinaryField()),
            ],
            options={"table": "filing", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Folder",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("position", fields.IntField()),
                ("created_ms", fields.BigIntField()),
                ("name_key_id", IdField(generated=False, null=False, unique=False)),
                ("name_suite", fields.SmallIntField()),
                ("name_blob", fields.BinaryField()),
            ],
            options={"table": "folder", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SearchEntry",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "storage.Conversation",
                        source_field="conversation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("message", IdField(unique=True, generated=False, null=False)),
                ("created_ms", fields.BigIntField()),
                ("terms", TermsField(generated=False, null=False, unique=False)),
            ],
            options={"table": "search_entry", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SearchPending",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                (
                    "conversation",
                    fields.ForeignKeyField(
                        "storage.Conversation",
                        source_field="conversation_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("message", IdField(unique=True, generated=False, null=False)),
            ],
            options={"table": "search_pending", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunPython(make_index),
        ops.RunSQL(MESSAGES),
        ops.RunSQL(TITLES),
    ]
