"""Commands that ask the running node's web process, by its own door for this machine."""

from collections.abc import Generator
from contextlib import contextmanager

from supervisor.data_folder import DataFolder
from supervisor.errors import ControlRefusedError
from supervisor.node_file import read_node
from web.control_client import ControlClient, ControlError


@contextmanager
def control(data: DataFolder) -> Generator[ControlClient]:
    """A client that is let in. Raises NotRunningError, ControlRefusedError."""
    read_node(data)
    try:
        with ControlClient(data.root) as client:
            yield client
    except ControlError as error:
        raise ControlRefusedError(str(error)) from error
