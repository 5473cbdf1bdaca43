"""All settings of a node: one section for each area, each a frozen object with its defaults.

Order of precedence: the command line, the environment (SAMOVAR_<SECTION>_<KEY>), DATA/samovar.toml,
the defaults. How they are read is in settings_file.py.
"""

from msgspec import Struct, field

from actors.character.formats.limits import CardLimits
from actors.character.lore_scene import LoreLimits
from actors.settings import (
    ArchiveSettings,
    BoxesSettings,
    GpuSettings,
    LinkSettings,
    MailboxSettings,
    PreviewSettings,
    QueueSettings,
    SessionSettings,
)
from gpu_actor.health_settings import HealthSettings
from gpu_actor.settings import EngineSettings
from storage.settings import StorageSettings
from supervisor.spares import GPU_MODULES, WEB_MODULES
from supervisor.strategy import ChildSpec, Group, TreeSpec
from web.library.settings import LibrarySettings
from web.settings import WebSettings

PROCESSES = ("web", "link", "engine", "health")


class SupervisorSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The supervisor, and how the parts of a node find each other."""

    # -- restarts
    restarts: int = 5  # restarts of one process within restart_period_s before it is parked
    restart_period_s: float = 10.0  # seconds
    engine_restarts: int = 3  # the same for the engine, whose start is dear
    engine_period_s: float = 300.0  # seconds
    retry_parked_s: float = 30.0  # how long a parked process rests before it is tried again
    # -- limits
    boot_limit_s: float = 60.0  # a process that is not ready this long after its start is killed
    engine_boot_limit_s: float = 3600.0  # the same for the engine: a first start may build its plan
    heartbeat_s: float = 0.25  # pause between two signs of life of a process
    heartbeat_limit_s: float = 5.0  # a ready process that is silent for this long is killed
    silence_s: float = 3.0  # a process that hears nothing from the supervisor for this long ends
    stop_s: float = 5.0  # most time a stop of the whole node takes
    standby_s: float = 2.0  # a process that has run so long gets a spare to take its place; -1: none
    standby_idle_s: float = 60.0  # spares go when nobody was there and no reply was made for so long
    keep_awake_s: float = 60.0  # Windows is kept awake while replies run, and for so long afterwards
    # -- logs
    log_bytes: int = 5_000_000  # a log file larger than this is put aside
    log_files: int = 3  # … and so many old ones are kept
    # -- the link between web node and GPU boxes
    link_host: str = ""  # where GPU boxes reach a web node; "": 0.0.0.0 for the role web, else 127.0.0.1
    link_port: int = -1  # … on this port; -1: 7777 for the role web, else any free one; 0: any free one
    box_name: str = ""  # how this machine's GPU box is called; "": the machine's name


class NodeSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Everything; the names of the fields are the names of the sections."""

    supervisor: SupervisorSettings = field(default_factory=SupervisorSettings)
    web: WebSettings = field(default_factory=WebSettings)
    storage: StorageSettings = field(default_factory=StorageSettings)
    mailbox: MailboxSettings = field(default_factory=MailboxSettings)
    session: SessionSettings = field(default_factory=SessionSettings)
    queue: QueueSettings = field(default_factory=QueueSettings)
    preview: PreviewSettings = field(default_factory=PreviewSettings)
    archive: ArchiveSettings = field(default_factory=ArchiveSettings)
    boxes: BoxesSettings = field(default_factory=BoxesSettings)
    link: LinkSettings = field(default_factory=LinkSettings)
    gpu: GpuSettings = field(default_factory=GpuSettings)
    engine: EngineSettings = field(default_factory=EngineSettings)
    health: HealthSettings = field(default_factory=HealthSettings)
    card: CardLimits = field(default_factory=CardLimits)
    library: LibrarySettings = field(default_factory=LibrarySettings)
    lore: LoreLimits = field(default_factory=LoreLimits)


def tree_for(web: bool, gpu: bool, settings: SupervisorSettings) -> TreeSpec:
    """The processes of a node with these roles, in the order of their start."""
    modules = WEB_MODULES | GPU_MODULES

    def child(name: str) -> ChildSpec:
        engine = name == "engine"
        return ChildSpec(
            name,
            modules[name],
            limit=settings.engine_restarts if engine else settings.restarts,
            period_s=settings.engine_period_s if engine else settings.restart_period_s,
            boot_limit_s=settings.engine_boot_limit_s if engine else settings.boot_limit_s,
            heartbeat_limit_s=settings.heartbeat_limit_s,
        )

    groups: list[Group] = []
    if web:
        groups.append(Group((child("web"),)))
    if gpu:
        # An engine that goes down leaves the link its replies; a link that goes down takes them along.
        groups.append(Group((child("link"), child("engine")), "rest_for_one"))
        groups.append(Group((child("health"),)))
    return TreeSpec(tuple(groups), retry_parked_s=settings.retry_parked_s, stop_s=settings.stop_s)
