"""The index of what is no message. Written by Tortoise, but for the last steps: what lies beside the index,
and all that is there, which it takes in later.
"""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from typing import Any

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import DigestField, IdField, TermsField

FTS5 = "CREATE VIRTUAL TABLE {} USING fts5(terms, content='', tokenize='ascii'{})"
SQLITE = (
    FTS5.format("search_thing_stem", ""),
    FTS5.format("search_thing_prefix", ", detail=none"),
)
POSTGRES = ("CREATE INDEX search_thing_terms ON search_thing USING gin (terms)",)

THERE_IS = """
INSERT INTO search_thing_pending (node_id, user_id, kind, thing)
SELECT node_id, user_id, '{kind}', {thing} FROM {table}
"""
KINDS = (
    ("summary", "id", "summary"),
    ("tags", "conversation_id", "filing"),
    ("folder", "id", "folder"),
    ("choices", "about", "choice"),
    ("persona", "id", "persona"),
    ("lorebook", "id", "lorebook"),
    ("character", "id", "character_owner"),
)


async def make_index(_apps: Any, editor: Any) -> None:
    postgres = editor.client.capabilities.dialect == "postgres"
    for statement in POSTGRES if postgres else SQLITE:
        await editor.client.execute_query(statement)


class Migration(migrations.Migration):
    dependencies = [("storage", "0013_stale_summaries")]

    initial = False

    operations = [
        ops.CreateModel(
            name="SearchThing",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("kind", fields.CharField(max_length=20)),
                ("thing", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("part", fields.IntField()),
                ("conversation_id", IdField(null=True, db_index=True, generated=False, unique=False)),
                ("shared", fields.BooleanField()),
                ("changed_ms", fields.BigIntField()),
                ("digest", DigestField(generated=False, null=False, unique=False)),
                ("terms", TermsField(generated=False, null=False, unique=False)),
            ],
            options={"table": "search_thing", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="SearchThingPending",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("kind", fields.CharField(max_length=20)),
                ("thing", IdField(db_index=True, generated=False, null=False, unique=False)),
            ],
            options={"table": "search_thing_pending", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.RunPython(make_index),
        *(ops.RunSQL(THERE_IS.format(kind=kind, thing=thing, table=table)) for kind, thing, table in KINDS),
    ]
