"""The newest chunks of all replies, a row for each transaction. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0014_search_things")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ChunkJournal",
            fields=[
                ("id", fields.BigIntField(primary_key=True, generated=False, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("body", fields.BinaryField()),
            ],
            options={"table": "chunk_journal", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
