"""The id of this node, which stands on every row it writes: kept in DATA/db/node_id."""

from pathlib import Path
from uuid import UUID, uuid4

from storage.private_files import write_private


def node_id(folder: Path) -> UUID:
    """The node's id, made at the first start.

    A lost one does no harm to the rows: only leases of the old id would have to expire.
    """
    path = folder / "node_id"
    try:
        return UUID(path.read_text(encoding="ascii").strip())
    except (FileNotFoundError, ValueError):
        fresh = uuid4()
        write_private(path, f"{fresh}\n".encode("ascii"))
        return fresh
