"""`samovar console`: the state of the running node, anew each second, until Ctrl-C."""

import argparse
import ctypes
import sys
import time

from supervisor.commands.options import add_data, data_folder
from supervisor.errors import OperatorError, UsageError
from supervisor.status import ask_status
from supervisor.table import status_text

PAUSE_S = 1.0
HOME = "\x1b[H"  # ECMA-48: cursor to the top left
END_OF_LINE = "\x1b[K\n"  # … erase what is left of the line
END_OF_SCREEN = "\x1b[J"  # … and of the screen
OTHER_SCREEN, FIRST_SCREEN = "\x1b[?1049h\x1b[?25l", "\x1b[?25h\x1b[?1049l"


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)


def run(arguments: argparse.Namespace) -> int:
    data = data_folder(arguments)
    if not sys.stdout.isatty():
        raise UsageError("console needs a terminal; elsewhere use: samovar status")
    ask_status(data)  # a node that does not run is an error; one that goes away later is news
    obey_escapes()
    sys.stdout.write(OTHER_SCREEN)
    try:
        while True:
            try:
                text = status_text(ask_status(data))
            except OperatorError as error:
                text = f"{error}\n"
            text += "\nCtrl-C ends this view; the node goes on.\n"
            sys.stdout.write(HOME + text.replace("\n", END_OF_LINE) + END_OF_SCREEN)
            sys.stdout.flush()
            time.sleep(PAUSE_S)
    except KeyboardInterrupt:
        return 0
    finally:
        sys.stdout.write(FIRST_SCREEN)
        sys.stdout.flush()


def obey_escapes() -> None:
    """Have an older Windows console obey escape sequences; others do anyway (SetConsoleMode)."""
    if sys.platform == "win32":
        kernel32 = ctypes.WinDLL("kernel32")
        kernel32.GetStdHandle.restype = ctypes.c_void_p
        output = ctypes.c_void_p(kernel32.GetStdHandle(-11))  # STD_OUTPUT_HANDLE
        mode = ctypes.c_uint32()
        if kernel32.GetConsoleMode(output, ctypes.byref(mode)):
            kernel32.SetConsoleMode(output, mode.value | 0x0004)  # ENABLE_VIRTUAL_TERMINAL_PROCESSING
