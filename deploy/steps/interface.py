"""The browser interface: Node.js where none is, the packages of npm, and the build into web/ui/dist."""

import os
from dataclasses import replace

from deploy.installer import install_locked
from deploy.node import Node, NodeFinder
from deploy.stamps import fingerprint, tree_fingerprint
from deploy.step import Job, Step, always
from deploy.troubles import ToolFailed

# Neither made here nor read by the build.
NO_SOURCES = ("node_modules", "dist", "coverage", ".vite", "test-results")


def find_node(job: Job) -> Node | None:
    return NodeFinder().find(job.checkout)


def run_npm(job: Job, title: str, *arguments: str, log: str) -> None:
    node = find_node(job)
    if node is None:
        raise ToolFailed(
            f"{title}: no Node.js was found though it was just set up: remove .venv and run again"
        )
    environ = node.environ(job.environ.get("PATH", ""), os.pathsep)
    job.run(title, [node.npm, *arguments], log=log, cwd=job.checkout.ui, environ=environ)


def install_node(job: Job) -> str | None:
    install_locked(job, NODE.title, "node", log=NODE.name)
    node = find_node(job)
    if node is None:
        raise ToolFailed(
            f"{NODE.title}: the one from PyPI does not run here: "
            "install Node.js 20.19 or newer yourself, then run the same again"
        )
    return f"{node.version} from PyPI"


def install_packages(job: Job) -> str | None:
    run_npm(job, PACKAGES.title, "ci", "--no-fund", "--no-audit", log=PACKAGES.name)
    return None


def build(job: Job) -> str | None:
    run_npm(job, BUILD.title, "run", "build", log=BUILD.name)
    return None


BUILD = Step(
    name="interface",
    title="Browser interface",
    fingerprint=lambda job: tree_fingerprint(job.checkout.ui, without=NO_SOURCES),
    is_there=lambda job: (job.checkout.ui / "dist" / "index.html").is_file(),
    work=build,
    checkout_mb=20,
)
PACKAGES = Step(
    name="npm_packages",
    title="Browser packages",
    fingerprint=lambda job: fingerprint(
        job.checkout.ui / "package.json", job.checkout.ui / "package-lock.json"
    ),
    is_there=lambda job: (job.checkout.ui / "node_modules" / ".package-lock.json").is_file(),
    work=install_packages,
    needed=BUILD.is_due,
    checkout_mb=200,
)
NODE = Step(
    name="node",
    title="Node.js",
    is_there=lambda job: find_node(job) is not None,
    work=install_node,
    in_venv=True,
    needed=BUILD.is_due,
    checkout_mb=200,
)

# Tests run programs out of node_modules, also where the interface is already built.
NODE_FOR_TESTS = replace(NODE, needed=always)
PACKAGES_FOR_TESTS = replace(PACKAGES, needed=always)
