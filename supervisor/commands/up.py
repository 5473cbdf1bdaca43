"""`samovar up`: starts a node, and is its supervisor until it is stopped.

It loads little itself: the processes of the node are started first, and load while the supervisor does.
"""

import argparse

from supervisor.commands.options import add_data, data_folder, whole_number
from supervisor.spares import GPU_MODULES, WEB_MODULES, Spares

ROLES = ("all", "web", "gpu")


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument("--role", choices=ROLES, default="all", help="what this machine does (default: all)")
    parser.add_argument("--port", type=whole_number(0, 65535), help="port of the web pages (default: 8080)")
    parser.add_argument(
        "--model",
        metavar="MODEL",
        help="the model: a GGUF file, a folder of Hugging Face, or a name of `samovar model list`",
    )


def run(arguments: argparse.Namespace) -> int:
    data = data_folder(arguments)
    data.make()
    with data.locked(), Spares(data.logs) as spares:
        if arguments.role != "gpu":
            spares.start_all(WEB_MODULES)
        if arguments.role != "web":
            spares.start_all(GPU_MODULES)
        from supervisor.node_start import start_node  # noqa: PLC0415 - the processes load meanwhile

        start_node(data, arguments, spares)
    return 0
