"""The current version of a character, which its owner chooses. It was the newest one till now.

Written by Tortoise, but for the last step.
"""

# ruff: noqa: RUF012 - the form that Tortoise asks for

from tortoise import migrations
from tortoise.migrations import operations as ops

from storage.fields import IdField

NEWEST = """
UPDATE character_owner SET current_version = (
    SELECT v.id FROM character_version v WHERE v.character_id = character_owner.id
    ORDER BY v.created_ms DESC, v.id DESC LIMIT 1
)
"""


class Migration(migrations.Migration):
    dependencies = [("storage", "0008_choices")]

    initial = False

    operations = [
        ops.AddField(
            model_name="CharacterOwner",
            name="current_version",
            field=IdField(null=True, generated=False, unique=False),
        ),
        ops.RunSQL(NEWEST),
    ]
