"""The first tables. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from storage.fields import DigestField, IdField


class Migration(migrations.Migration):
    initial = True

    operations = [
        ops.CreateModel(
            name="Account",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("name", fields.CharField(unique=True, max_length=200)),
                ("role", fields.CharField(max_length=20)),
                ("password_hash", fields.CharField(max_length=500)),
                ("created_ms", fields.BigIntField()),
            ],
            options={"table": "account", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="CharacterVersion",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("character_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("content_hash", DigestField(generated=False, null=False, unique=False)),
                ("portrait", fields.CharField(max_length=64)),
                ("created_ms", fields.BigIntField()),
                ("sheet_key_id", IdField(generated=False, null=False, unique=False)),
                ("sheet_suite", fields.SmallIntField()),
                ("sheet_blob", fields.BinaryField()),
                ("card_key_id", IdField(generated=False, null=False, unique=False)),
                ("card_suite", fields.SmallIntField()),
                ("card_blob", fields.BinaryField()),
            ],
            options={"table": "character_version", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Conversation",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "storage.Account",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "character_version",
                    fields.ForeignKeyField(
                        "storage.CharacterVersion",
                        source_field="character_version_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("root", IdField(generated=False, null=False, unique=False)),
                ("head", IdField(generated=False, null=False, unique=False)),
                ("created_ms", fields.BigIntField()),
                ("updated_ms", fields.BigIntField()),
                ("title_key_id", IdField(generated=False, null=False, unique=False)),
                ("title_suite", fields.SmallIntField()),
                ("title_blob", fields.BinaryField()),
                ("user_name_key_id", IdField(generated=False, null=False, unique=False)),
                ("user_name_suite", fields.SmallIntField()),
                ("user_name_blob", fields.BinaryField()),
            ],
            options={
                "table": "conversation",
                "app": "storage",
                "indexes": [Index(fields=["user_id", "updated_ms"])],
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="DataKey",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("conversation_id", IdField(null=True, db_index=True, generated=False, unique=False)),
                ("created_ms", fields.BigIntField()),
            ],
            options={"table": "data_key", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Generation",
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
                ("parent", IdField(generated=False, null=False, unique=False)),
                ("message", IdField(generated=False, null=False, unique=False)),
                ("request_key", IdField(generated=False, null=False, unique=False)),
                ("kind", fields.CharField(max_length=20)),
                ("seed", fields.BigIntField()),
                ("created_ms", fields.BigIntField()),
                ("state", fields.CharField(db_index=True, max_length=20)),
                ("attempt", fields.IntField()),
                ("worker", fields.CharField(max_length=200)),
                ("worker_boot", IdField(null=True, generated=False, unique=False)),
                ("model", fields.CharField(max_length=200)),
                ("prompt_digest", DigestField(generated=False, null=False, unique=False)),
                ("reason", fields.CharField(max_length=200)),
                ("why", fields.TextField(unique=False)),
                ("inputs_key_id", IdField(generated=False, null=False, unique=False)),
                ("inputs_suite", fields.SmallIntField()),
                ("inputs_blob", fields.BinaryField()),
            ],
            options={
                "table": "generation",
                "app": "storage",
                "unique_together": (("conversation_id", "request_key"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="GenerationChunk",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                (
                    "generation",
                    fields.ForeignKeyField(
                        "storage.Generation",
                        source_field="generation_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("attempt", fields.IntField()),
                ("first_seq", fields.IntField()),
                ("count", fields.IntField()),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={
                "table": "generation_chunk",
                "app": "storage",
                "unique_together": (("generation_id", "first_seq"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Login",
            fields=[
                (
                    "token_hash",
                    DigestField(primary_key=True, unique=True, db_index=True, generated=False, null=False),
                ),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                (
                    "user",
                    fields.ForeignKeyField(
                        "storage.Account",
                        source_field="user_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("created_ms", fields.BigIntField()),
                ("expires_ms", fields.BigIntField()),
            ],
            options={"table": "login", "app": "storage", "pk_attr": "token_hash"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Message",
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
                ("parent", IdField(generated=False, null=False, unique=False)),
                ("sibling", fields.IntField()),
                ("role", fields.CharField(max_length=20)),
                (
                    "character_version",
                    fields.ForeignKeyField(
                        "storage.CharacterVersion",
                        source_field="character_version_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("created_ms", fields.BigIntField()),
                ("request_key", IdField(null=True, generated=False, unique=False)),
                ("generation", IdField(null=True, generated=False, unique=False)),
                ("ended", fields.CharField(max_length=200)),
                ("tokens", fields.IntField()),
                ("body_key_id", IdField(generated=False, null=False, unique=False)),
                ("body_suite", fields.SmallIntField()),
                ("body_blob", fields.BinaryField()),
            ],
            options={
                "table": "message",
                "app": "storage",
                "unique_together": (("conversation_id", "parent", "sibling"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
        ops.CreateModel(
            name="WrappedKey",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                (
                    "data_key",
                    fields.ForeignKeyField(
                        "storage.DataKey",
                        source_field="data_key_id",
                        db_constraint=True,
                        to_field="id",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("recipient", IdField(generated=False, null=False, unique=False)),
                ("suite", fields.SmallIntField()),
                ("blob", fields.BinaryField()),
            ],
            options={
                "table": "wrapped_key",
                "app": "storage",
                "unique_together": (("data_key_id", "recipient"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
