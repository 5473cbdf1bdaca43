"""What `samovar up` does once its processes load: settings, keys, ports, and the node itself."""

import argparse
import os
import secrets
import socket
import sys
from collections.abc import Iterable

from actors.logs import log_to
from actors.world import RealWorld
from deploy.cache import cache_folder
from supervisor.awake import Awake
from supervisor.data_folder import DataFolder
from supervisor.errors import NoModelError, NotPairedError, PortTakenError
from supervisor.keys import gpu_box_key, pairing, web_node_key
from supervisor.launch import NOT_PAIRED, Launcher, link_address
from supervisor.node import Audience, Node
from supervisor.progress import Progress
from supervisor.settings import NodeSettings, tree_for
from supervisor.settings_file import Given, read_settings, write_default_file
from supervisor.spares import Spares
from supervisor.strategy import TreeSpec
from supervisor.version import version


def start_node(data: DataFolder, arguments: argparse.Namespace, spares: Spares) -> None:
    """Be the supervisor until a signal ends it. Raises an OperatorError before anything is started."""
    write_default_file(data.settings)
    settings = read_settings(data.settings, os.environ, given_by(arguments))
    web, gpu = arguments.role != "gpu", arguments.role != "web"
    if not web and pairing(data.keys) is None:
        raise NotPairedError(NOT_PAIRED)
    spec = tree_for(web, gpu, settings.supervisor)
    names = [child.name for group in spec.groups for child in group.children]
    progress = Progress(names, lambda line: print(line, flush=True))
    progress.say(f"Samovar {version()}, data in {data.root}")
    run_node(data, settings, spec, Awake(progress, settings.supervisor.keep_awake_s), spares)


def run_node(
    data: DataFolder, settings: NodeSettings, spec: TreeSpec, audience: Audience, spares: Spares
) -> None:
    """Supervise `spec` in the locked data folder. Raises as start_node does."""
    web_node_key(data.keys)
    gpu_box_key(data.keys)
    children = {child.name for group in spec.groups for child in group.children}
    if "web" in children:
        link = link_address(settings.supervisor, alone="link" not in children)
        check_port(settings.web.host, settings.web.port, "--port")
        check_port(link.host, link.port, "supervisor.link_port")
    log_to(data.logs / "supervisor.log", settings.supervisor.log_bytes, settings.supervisor.log_files)
    node, token = RealWorld().new_id(), secrets.token_urlsafe(32)
    launcher = Launcher(data, settings, node, version(), token, children, spares)
    Node(data, spec, launcher, audience).run()


def given_by(arguments: argparse.Namespace) -> Iterable[Given]:
    if arguments.port is not None:
        yield Given("web", "port", arguments.port, "--port")
    if arguments.model is not None:
        # Heavy, and of use only here.
        from gpu_actor.models import find_model  # noqa: PLC0415
        from gpu_actor.troubles import EngineTrouble  # noqa: PLC0415

        try:
            model = find_model(arguments.model, cache_folder())
        except EngineTrouble as error:
            raise NoModelError(str(error)) from error
        yield Given("engine", "model", str(model), "--model")


def check_port(host: str, port: int, option: str) -> None:
    """Raises PortTakenError when nobody can listen there now."""
    if port == 0:
        return
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind) as probe:
            if sys.platform == "win32":
                # Without it Windows lets two programs have one port.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
            else:
                # A port whose last user has just left counts as free, as it does for the web process.
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except OSError as error:
        raise PortTakenError(
            f"Port {port} on {host} cannot be used ({error.strerror}): "
            f"stop the program that listens there, or choose another with {option}."
        ) from error
