"""Choices: personas, presets, and what is chosen of them where. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0007_summaries")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Choice",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("about", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={
                "table": "choice",
                "app": "storage",
                "unique_together": (("user_id", "about"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Persona",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("portrait", fields.CharField(max_length=64)),
                ("thumb", fields.CharField(max_length=64)),
                ("created_ms", fields.BigIntField()),
                ("removed_ms", fields.BigIntField(db_default=0)),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={"table": "persona", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Preset",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("created_ms", fields.BigIntField()),
                ("removed_ms", fields.BigIntField(db_default=0)),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={"table": "preset", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
