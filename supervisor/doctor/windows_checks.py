"""Checks of Windows: the scheduled task, and whether the PC goes to sleep."""

import re
from collections.abc import Iterator

from deploy.windows.task import TASK
from supervisor.doctor.finding import Finding, ok, warning
from supervisor.doctor.subject import Subject

INSTALL = "run install.ps1 in a PowerShell opened as administrator"


def task(subject: Subject) -> Iterator[Finding]:
    if subject.doors.system != "win32" or not subject.has_engine:
        return
    answer = subject.doors.ask("schtasks", "/Query", "/TN", TASK, "/XML")
    if answer.status != 0:
        yield warning(
            "scheduled task", "Samovar does not start with Windows", "run install.ps1 as administrator"
        )
    elif "<Enabled>false</Enabled>" in answer.output.partition("<Settings>")[2]:
        yield warning("scheduled task", "it is disabled", f'schtasks /Change /TN "{TASK}" /ENABLE')
    else:
        yield ok("scheduled task", "starts with Windows, without anybody logging on")


def sleep(subject: Subject) -> Iterator[Finding]:
    """A PC that sleeps is no GPU box until somebody wakes it; while replies run it is kept awake."""
    if subject.doors.system != "win32" or not subject.has_engine:
        return
    minutes = sleep_after_minutes(
        subject.doors.ask("powercfg", "/query", "SCHEME_CURRENT", "SUB_SLEEP", "STANDBYIDLE").output
    )
    if minutes is None:
        yield warning("sleep", "powercfg does not tell when this PC sleeps", "look into Settings, Power")
    elif minutes:
        yield warning(
            "sleep",
            f"this PC sleeps after {minutes} minutes without work, and is then no GPU box",
            "powercfg /change standby-timeout-ac 0, if it is to serve at all times",
        )
    else:
        yield ok("sleep", "never, while it is plugged in")


def sleep_after_minutes(answer: str) -> int | None:
    """From `powercfg /query`: the present value on mains, whatever the language; 0: never.

    The last two lines with a value in hexadecimal are the settings on mains and on battery, in seconds.
    """
    values = re.findall(r": 0x([0-9a-fA-F]{8})\s*$", answer, re.MULTILINE)
    return int(values[-2], 16) // 60 if len(values) >= 2 else None
