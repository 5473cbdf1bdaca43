"""`samovar drain`: give a GPU box nothing new before maintenance, and let it finish what it has."""

import argparse
import time
from urllib.parse import quote

import msgspec

from supervisor.commands.options import add_data, data_folder, seconds
from supervisor.control import control
from supervisor.errors import OperatorError, UsageError
from web.control_client import ControlClient
from web.protocol.queue import BoxDrain, QueueBox, QueueView

LOOK_S = 0.5


class StillBusyError(OperatorError):
    """The box still writes replies: wait on, or stop it; they would go on elsewhere or when it is back."""


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("box", nargs="?", metavar="BOX", help="its name (default: the only one there is)")
    parser.add_argument("--undo", action="store_true", help="let it serve again")
    parser.add_argument("--wait", action="store_true", help="return when its last reply is finished")
    parser.add_argument(
        "--timeout", type=seconds, default=3600.0, metavar="SECONDS", help="most time to wait (default: 3600)"
    )


def run(arguments: argparse.Namespace) -> int:
    with control(data_folder(arguments)) as node:
        box = chosen(look(node), arguments.box)
        answer = node.ask("PUT", f"/api/queue/boxes/{quote(box.id, safe='')}", BoxDrain(not arguments.undo))
        box = found(msgspec.json.decode(answer, type=QueueView), box)
        if arguments.undo:
            print(f'"{box.name}" serves again.')
        elif arguments.wait:
            wait_until_drained(node, box, arguments.timeout)
            print(f'"{box.name}" is drained: nothing runs on it.')
        elif box.busy:
            print(f'"{box.name}" gets nothing new; replies it still writes: {box.busy}. See: samovar status')
        else:
            print(f'"{box.name}" is drained: nothing runs on it.')
    return 0


def look(node: ControlClient) -> QueueView:
    return msgspec.json.decode(node.ask("GET", "/api/queue"), type=QueueView)


def chosen(queue: QueueView, name: str | None) -> QueueBox:
    """The box that was named, or the only one. Raises UsageError."""
    names = ", ".join(box.name for box in queue.boxes)
    if name is None and len(queue.boxes) == 1:
        return queue.boxes[0]
    named = [box for box in queue.boxes if name in {box.id, box.name}]
    if not queue.boxes:
        raise UsageError("no GPU box is linked at the moment")
    if not named:
        problem = "say which GPU box" if name is None else f'no GPU box is called "{name}"'
        raise UsageError(f"{problem}; there are: {names}")
    return named[0]


def found(queue: QueueView, box: QueueBox) -> QueueBox:
    """The same box, as it is now; one that went away meanwhile writes nothing."""
    now = next((each for each in queue.boxes if each.id == box.id), None)
    return now or msgspec.structs.replace(box, busy=0)


def wait_until_drained(node: ControlClient, box: QueueBox, timeout_s: float) -> None:
    """Raises StillBusyError."""
    end_s = time.monotonic() + timeout_s
    while (now := found(look(node), box)).busy:
        if time.monotonic() > end_s:
            raise StillBusyError(f'"{now.name}" still writes replies ({now.busy}); it gets nothing new.')
        time.sleep(LOOK_S)
