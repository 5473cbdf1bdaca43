"""`python3 -m deploy.vds`: what install.sh hands over to, running out of the wheel itself."""

import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.machine import Machine, Rehearsal
from deploy.progress import Progress
from deploy.release import bundle_in
from deploy.setup import trouble_of
from deploy.troubles import Trouble
from deploy.vds.checks import check, look
from deploy.vds.install import Installation
from deploy.vds.options import read_options
from deploy.vds.places import Places

INTERRUPTED = 130


def main(arguments: Sequence[str]) -> int:
    """The exit status. `arguments`: the folder of the bundle, then those of install.sh."""
    try:
        options = read_options(arguments[1:])
        places = Places()
        kind = Rehearsal if options.rehearse else Machine
        machine = kind(Progress(), places.log)
        check(look(machine, places))
        installation = Installation(machine, places, options, bundle_in(Path(arguments[0])))
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
