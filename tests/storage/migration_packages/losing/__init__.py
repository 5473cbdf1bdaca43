"""All real migrations, and one more."""

from storage import migrations

__path__ = [*__path__, *migrations.__path__]
