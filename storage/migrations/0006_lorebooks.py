"""Lorebooks of users, their versions, and what they are attached to. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import DigestField, IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0005_groups")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Lorebook",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("version", IdField(generated=False, null=False, unique=False)),
                ("digest", DigestField(generated=False, null=False, unique=False)),
                ("entries", fields.IntField()),
                ("size", fields.BigIntField()),
                ("created_ms", fields.BigIntField()),
                ("changed_ms", fields.BigIntField()),
                ("removed_ms", fields.BigIntField(db_default=0)),
                ("name_key_id", IdField(generated=False, null=False, unique=False)),
                ("name_suite", fields.SmallIntField()),
                ("name_blob", fields.BinaryField()),
            ],
            options={"table": "lorebook", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LorebookUse",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("lorebook_id", IdField(generated=False, null=False, unique=False)),
                ("scope", fields.CharField(max_length=20)),
                ("target", IdField(generated=False, null=False, unique=False)),
            ],
            options={
                "table": "lorebook_use",
                "app": "storage",
                "unique_together": (("lorebook_id", "scope", "target"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="LorebookVersion",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("lorebook_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("replaced_ms", fields.BigIntField()),
                ("sheet_key_id", IdField(generated=False, null=False, unique=False)),
                ("sheet_suite", fields.SmallIntField()),
                ("sheet_blob", fields.BinaryField()),
                ("file_key_id", IdField(generated=False, null=False, unique=False)),
                ("file_suite", fields.SmallIntField()),
                ("file_blob", fields.BinaryField()),
            ],
            options={"table": "lorebook_version", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
