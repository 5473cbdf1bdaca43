"""What the generation queue keeps: spendings, shares, drained boxes. Written by Tortoise."""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField


class Migration(migrations.Migration):
    dependencies = [("storage", "0002_seam")]

    initial = False

    operations = [
        ops.CreateModel(
            name="DrainedBox",
            fields=[
                ("name", fields.CharField(primary_key=True, unique=True, db_index=True, max_length=200)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
            ],
            options={"table": "drained_box", "app": "storage", "pk_attr": "name"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="QueueShare",
            fields=[
                (
                    "user_id",
                    IdField(primary_key=True, unique=True, db_index=True, generated=False, null=False),
                ),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("share", fields.FloatField()),
            ],
            options={"table": "queue_share", "app": "storage", "pk_attr": "user_id"},
            bases=["Model"],
        ),
        ops.CreateModel(
            name="Spending",
            fields=[
                ("id", fields.BigIntField(generated=True, primary_key=True, unique=True, db_index=True)),
                ("node_id", IdField(generated=False, null=False, unique=False)),
                ("user_id", IdField(generated=False, null=False, unique=False)),
                ("day", fields.IntField(db_index=True)),
                ("tokens", fields.BigIntField()),
            ],
            options={
                "table": "spending",
                "app": "storage",
                "unique_together": (("user_id", "day"),),
                "pk_attr": "id",
            },
            bases=["Model"],
        ),
    ]
