"""The library: whose a character is, the files they came in, favourites, small portraits. Written by
Tortoise, but for the last step: the characters that were there were everybody's, and stay so.
"""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField

EVERYBODYS = """
INSERT INTO character_owner (id, node_id, user_id, shared, removed_ms, created_ms)
SELECT character_id, node_id, user_id, TRUE, 0, created_ms FROM character_version v
WHERE NOT EXISTS (
    SELECT 1 FROM character_version w
    WHERE w.character_id = v.character_id
    AND (w.created_ms < v.created_ms OR (w.created_ms = v.created_ms AND w.id < v.id))
)
"""


class Migration(migrations.Migration):
    dependencies = [("storage", "0003_queue")]

    initial = False

    operations = [
        ops.CreateModel(
            name="CharacterFile",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("size", fields.BigIntField()),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={"table": "character_file", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CharacterOwner",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("shared", fields.BooleanField()),
                ("removed_ms", fields.BigIntField(db_default=0)),
                ("created_ms", fields.BigIntField()),
            ],
            options={"table": "character_owner", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Favourite",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("character_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "favourite",
                "app": "storage",
                "unique_together": (("user_id", "character_id"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.AddField(
            model_name="CharacterVersion",
            name="thumb",
            field=fields.CharField(db_default="", max_length=64),
        ),
        ops.RunSQL(EVERYBODYS),
    ]
