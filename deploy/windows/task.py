"""The scheduled task: Samovar starts with Windows, without anybody logging on, and comes back.

S4U runs it as the user who installed it, without a stored password, and without the network drives that
only a logged-on session has. Three triggers, of which a running task ignores two: the start of Windows
(also the one after an update), the wake-up from sleep, and every five minutes, for whatever else may happen.
Format: https://learn.microsoft.com/windows/win32/taskschd/task-scheduler-schema
"""

from dataclasses import dataclass
from pathlib import PurePath
from xml.etree import ElementTree as ET

TASK = "Samovar GPU box"
NAMESPACE = "http://schemas.microsoft.com/windows/2004/02/mit/task"
WOKEN = (
    '<QueryList><Query Id="0" Path="System"><Select Path="System">'
    "*[System[Provider[@Name='Microsoft-Windows-Power-Troubleshooter'] and EventID=1]]"
    "</Select></Query></QueryList>"
)
SETTINGS = {
    "MultipleInstancesPolicy": "IgnoreNew",
    "DisallowStartIfOnBatteries": "false",
    "StopIfGoingOnBatteries": "false",
    "AllowHardTerminate": "true",
    "StartWhenAvailable": "true",
    "RunOnlyIfNetworkAvailable": "false",
    "AllowStartOnDemand": "true",
    "Enabled": "true",
    "Hidden": "false",
    "RunOnlyIfIdle": "false",
    "WakeToRun": "false",
    "ExecutionTimeLimit": "PT0S",  # never ended for its age
    "Priority": "5",  # the default of 7 is that of background work, with slow disk and memory
}


@dataclass(frozen=True)
class TaskSpec:
    """`user` is a SID: names change, and are spelt in many languages."""

    user: str
    python: PurePath
    data: PurePath

    @property
    def arguments(self) -> str:
        return f'-P -m supervisor.cli up --role gpu --data "{self.data}"'


def child(parent: ET.Element, name: str, text: str | None = None) -> ET.Element:
    element = ET.SubElement(parent, name)
    element.text = text
    return element


def add_triggers(task: ET.Element) -> None:
    triggers = child(task, "Triggers")
    boot = child(triggers, "BootTrigger")
    child(boot, "Enabled", "true")
    child(boot, "Delay", "PT15S")
    woken = child(triggers, "EventTrigger")
    child(woken, "Enabled", "true")
    child(woken, "Subscription", WOKEN)
    again = child(triggers, "TimeTrigger")
    repetition = child(again, "Repetition")
    child(repetition, "Interval", "PT5M")
    child(repetition, "StopAtDurationEnd", "false")
    child(again, "StartBoundary", "2026-01-01T00:00:00")
    child(again, "Enabled", "true")


def task_xml(spec: TaskSpec) -> str:
    """The task as `schtasks /Create /XML` takes it, from a file in UTF-16."""
    task = ET.Element("Task", {"version": "1.4", "xmlns": NAMESPACE})
    about = child(task, "RegistrationInfo")
    child(about, "Author", "Samovar")
    child(about, "Description", "Lends this PC's GPU to the Samovar server that it has joined.")
    add_triggers(task)
    principal = child(child(task, "Principals"), "Principal")
    principal.set("id", "Author")
    child(principal, "UserId", spec.user)
    child(principal, "LogonType", "S4U")
    child(principal, "RunLevel", "LeastPrivilege")
    settings = child(task, "Settings")
    for name, value in SETTINGS.items():
        child(settings, name, value)
    idle = child(settings, "IdleSettings")
    child(idle, "StopOnIdleEnd", "false")
    child(idle, "RestartOnIdle", "false")
    restart = child(settings, "RestartOnFailure")
    child(restart, "Interval", "PT1M")
    child(restart, "Count", "999")
    actions = child(task, "Actions")
    actions.set("Context", "Author")
    action = child(actions, "Exec")
    child(action, "Command", str(spec.python))
    child(action, "Arguments", spec.arguments)
    ET.indent(task)
    return '<?xml version="1.0" encoding="UTF-16"?>\n' + ET.tostring(task, encoding="unicode") + "\n"
