"""`python3 -m deploy run|setup|test|wheel|lock`: from a bare checkout to a running Samovar.

Needs nothing but Python 3.11 or newer and its standard library. This file alone must be readable for
an older Python, so that it can say so.
"""

import shutil
import sys

if sys.version_info < (3, 11):  # noqa: UP036 - that is the very thing to tell
    newer = [name for name in ("python3.13", "python3.12", "python3.11") if shutil.which(name)]
    remedy = "run it with " + newer[0] if newer else "install Python 3.11 or newer and run it with that"
    sys.exit("samovar: this is Python " + sys.version.split()[0] + ", which is too old: " + remedy)

from deploy.command_line import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
