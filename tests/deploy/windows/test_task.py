from pathlib import PureWindowsPath
from xml.etree import ElementTree as ET

from deploy.windows.task import NAMESPACE, TaskSpec, task_xml

SPEC = TaskSpec(
    "S-1-5-21-1-2-3-1001",
    PureWindowsPath("C:\\Users\\Anna & Bob\\AppData\\Local\\samovar-program\\python.exe"),
    PureWindowsPath("C:\\Users\\Anna & Bob\\AppData\\Local\\samovar"),
)
NAMES = {"t": NAMESPACE}


def task() -> ET.Element:
    head, _, body = task_xml(SPEC).partition("\n")
    assert head == '<?xml version="1.0" encoding="UTF-16"?>'
    return ET.fromstring(body)


def text(path: str) -> str | None:
    return task().findtext("/".join(f"t:{part}" for part in path.split("/")), namespaces=NAMES)


def test_it_starts_without_anybody_logging_on_and_with_no_more_rights_than_needed() -> None:
    assert text("Principals/Principal/LogonType") == "S4U"
    assert text("Principals/Principal/RunLevel") == "LeastPrivilege"
    assert text("Principals/Principal/UserId") == SPEC.user


def test_it_comes_with_windows_after_sleep_and_after_whatever_else() -> None:
    triggers = task().find("t:Triggers", NAMES)
    assert triggers is not None
    kinds = [trigger.tag.partition("}")[2] for trigger in triggers]
    assert kinds == ["BootTrigger", "EventTrigger", "TimeTrigger"]
    query = ET.fromstring(text("Triggers/EventTrigger/Subscription") or "")
    assert "Power-Troubleshooter" in (query.findtext("Query/Select") or "")
    assert text("Triggers/TimeTrigger/Repetition/Interval") == "PT5M"


def test_a_running_one_is_left_alone_however_old_it_is_and_on_battery() -> None:
    assert text("Settings/MultipleInstancesPolicy") == "IgnoreNew"
    assert text("Settings/ExecutionTimeLimit") == "PT0S"
    assert text("Settings/StopIfGoingOnBatteries") == "false"
    assert text("Settings/IdleSettings/StopOnIdleEnd") == "false"


def test_it_never_wakes_the_pc() -> None:
    assert text("Settings/WakeToRun") == "false"


def test_paths_with_spaces_and_ampersands_arrive_whole() -> None:
    assert text("Actions/Exec/Command") == str(SPEC.python)
    arguments = text("Actions/Exec/Arguments") or ""
    assert arguments.endswith(f'--data "{SPEC.data}"')
    assert "up --role gpu" in arguments
