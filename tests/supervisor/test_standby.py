"""When the next one of each process waits: while somebody is there, and no longer."""

from supervisor.settings import NodeSettings, SupervisorSettings, tree_for
from supervisor.standby import Standby, is_wanted
from supervisor.strategy import ChildSpec, State
from supervisor.tree_messages import ChildView


class Prepared:
    """The launcher's part in it."""

    def __init__(self, standby_s: float) -> None:
        self.settings = NodeSettings(SupervisorSettings(standby_s=standby_s, standby_idle_s=60))
        self.waiting: set[str] = set()

    def prepare(self, spec: ChildSpec) -> None:
        self.waiting.add(spec.name)

    def do_without(self, name: str) -> None:
        self.waiting.discard(name)


def standby(launcher: Prepared) -> Standby:
    spec = tree_for(web=True, gpu=True, settings=launcher.settings.supervisor)
    return Standby(spec, launcher)  # pyright: ignore[reportArgumentType]


def view(name: str, started_s: float, state: State = State.READY, **facts: object) -> ChildView:
    return ChildView(name, state=state, started_s=started_s, facts=facts)


def test_a_process_that_has_run_for_a_while_gets_a_spare_while_somebody_reads() -> None:
    launcher = Prepared(standby_s=2)
    kept = standby(launcher)
    kept.facts(view("web", 100, sockets=1), 101.9)
    assert launcher.waiting == set()
    kept.facts(view("web", 100, State.STARTING, sockets=1), 103)
    assert launcher.waiting == set()
    kept.facts(view("web", 100, sockets=1), 103)
    kept.facts(view("engine", 100), 103)
    kept.facts(view("health", 100), 103)  # on nobody's way
    assert launcher.waiting == {"web", "engine"}


def test_spares_go_when_nobody_was_there_for_a_while() -> None:
    launcher = Prepared(standby_s=2)
    kept = standby(launcher)
    kept.facts(view("web", 0, sockets=1), 100)
    kept.facts(view("web", 0, sockets=0), 159)
    assert launcher.waiting == {"web"}
    kept.facts(view("web", 0, sockets=0), 160)
    assert launcher.waiting == set()


def test_minus_one_keeps_none() -> None:
    launcher = Prepared(standby_s=-1)
    standby(launcher).facts(view("web", 0, sockets=1), 100)
    assert launcher.waiting == set()


def test_what_web_and_link_tell_of_themselves_counts() -> None:
    assert is_wanted({"sockets": 1, "queue": {"waiting": 0, "running": 0}})
    assert is_wanted({"sockets": 0, "queue": {"waiting": 0, "running": 1}})
    assert is_wanted({"replies": 2})
    assert not is_wanted({"sockets": 0, "queue": {"waiting": 0, "running": 0}})
    assert not is_wanted({})
