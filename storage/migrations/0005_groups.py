"""Groups: the members of conversations with several characters. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0004_library")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ConversationGroup",
            fields=[
                ("id", IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(db_index=True, generated=False, null=False, unique=False)),
                ("group_key_id", IdField(generated=False, null=False, unique=False)),
                ("group_suite", fields.SmallIntField()),
                ("group_blob", fields.BinaryField()),
            ],
            options={"table": "conversation_group", "app": "storage", "pk_attr": "id"},
            bases=["Model"],
        ),
    ]
