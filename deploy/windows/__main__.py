"""`python -m deploy.windows`: what install.ps1 hands over to, running out of the wheel itself."""

import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.machine import Machine, Rehearsal
from deploy.progress import Progress
from deploy.release import bundle_in
from deploy.setup import trouble_of
from deploy.troubles import NotThisMachine, Trouble
from deploy.windows.install import Installation, Places
from deploy.windows.options import read_options

INTERRUPTED = 130


def local_folder() -> Path:
    """%LOCALAPPDATA%. Raises NotThisMachine."""
    if sys.platform != "win32":
        raise NotThisMachine("this is not Windows: docs/split.md says how to install here")
    return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")


def main(arguments: Sequence[str]) -> int:
    """The exit status. `arguments`: the folder of the bundle, then those of install.ps1."""
    try:
        options = read_options(arguments[1:])
        places = Places(local_folder())
        kind = Rehearsal if options.rehearse else Machine
        machine = kind(Progress(), places.log)
        bundle = bundle_in(Path(arguments[0]))
        installation = Installation(machine, places, options, bundle, Path(sys.executable))
        if options.uninstall:
            installation.uninstall()
        else:
            installation.install()
    except Trouble as trouble:
        print(f"samovar: {trouble}", file=sys.stderr)
        return trouble.exit_status
    except OSError as error:
        print(f"samovar: {trouble_of(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("samovar: interrupted; the same call goes on where this one stopped", file=sys.stderr)
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
