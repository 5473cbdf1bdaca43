"""`samovar doctor`: what is right and what is wrong with this node and its machine, and what to do."""

import argparse
import json
import sys
from collections.abc import Sequence

import msgspec

from supervisor.commands.options import add_data, data_folder
from supervisor.doctor.examination import examine, subject_at
from supervisor.doctor.finding import Finding
from supervisor.doctor.subject import Doors

SIGNS = {"ok": "ok     ", "warning": "WARNING", "problem": "PROBLEM"}


def add(parser: argparse.ArgumentParser) -> None:
    add_data(parser)
    parser.add_argument(
        "--role", choices=("all", "web", "gpu"), help="examine it as this (default: as it runs, or is set up)"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(arguments: argparse.Namespace) -> int:
    """0 where there is no problem; warnings are none."""
    subject = subject_at(data_folder(arguments), arguments.role, Doors())
    findings = examine(subject)
    sound = all(finding.condition != "problem" for finding in findings)
    if arguments.json:
        values = {"role": subject.role, "ok": sound, "findings": msgspec.to_builtins(findings)}
        sys.stdout.write(json.dumps(values, indent=2) + "\n")
    else:
        sys.stdout.write(f"Role: {subject.role}\n" + text_of(findings))
    return 0 if sound else 1


def text_of(findings: Sequence[Finding]) -> str:
    width = max(len(finding.name) for finding in findings)
    lines: list[str] = []
    for finding in findings:
        lines.append(f"{SIGNS[finding.condition]}  {finding.name:<{width}}  {finding.what}")
        if finding.remedy:
            lines.append(f"{'':<9}{'':<{width}}  -> {finding.remedy}")
    return "\n".join(lines) + "\n"
