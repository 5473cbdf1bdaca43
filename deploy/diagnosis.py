"""From the words of a failed tool to its cause and the remedy.

The words are those of pip, uv, npm, cargo and apt-get; each cause has its tests with real lines.
"""

import re
from dataclasses import dataclass
from pathlib import Path

from deploy.troubles import (
    DiskFull,
    HashMismatch,
    NoNetwork,
    NoPermission,
    NoVenvModule,
    ToolFailed,
    Trouble,
    UntrustedCertificate,
)


@dataclass(frozen=True)
class Cause:
    """One cause: the words that betray it (any of them, in any case), and what to do."""

    trouble: type[Trouble]
    words: tuple[str, ...]
    remedy: str


# The order matters: a full disk may also look like a broken download, a bad certificate like no network.
CAUSES: tuple[Cause, ...] = (
    Cause(
        DiskFull,
        ("no space left on device", "ENOSPC", "not enough space on the disk", "disk quota exceeded"),
        "the disk is full: make room, then run the same again",
    ),
    Cause(
        HashMismatch,
        (
            "do not match the hashes",
            "hash mismatch",
            "EINTEGRITY",
            r"checksum for .* (changed|did not match)",
        ),
        "what came is not what the lock file names, and nothing of it was used: "
        "clear the tool's download cache and any mirror in between, then run the same again",
    ),
    Cause(
        UntrustedCertificate,
        (
            "CERTIFICATE_VERIFY_FAILED",
            "UnknownIssuer",
            "invalid peer certificate",
            "SELF_SIGNED_CERT",
            "UNABLE_TO_(GET_ISSUER|VERIFY)",
            "unable to get local issuer",
        ),
        "a certificate is not trusted: if a proxy stands in between, name its certificate in "
        "SSL_CERT_FILE, PIP_CERT and NODE_EXTRA_CA_CERTS, then run the same again",
    ),
    Cause(
        NoVenvModule,
        (r"ensurepip is not\s+available", "No module named '?(venv|ensurepip)"),
        "this Python has no venv module: run `apt install python3-venv` as root "
        "(or the like of your system, or install uv), then run the same again",
    ),
    Cause(
        NoNetwork,
        (
            "Temporary failure in name resolution",
            "Temporary failure resolving",
            "Name or service not known",
            "getaddrinfo",
            "dns error",
            "failed to lookup address",
            "Could not resolve",
            "Failed to establish a new connection",
            "NewConnectionError",
            "Connection (refused|reset|aborted|timed out)",
            "Network is unreachable",
            "RemoteDisconnected",
            "Read timed out",
            "ConnectTimeout",
            "error sending request",
            "Failed to fetch",
            "(cannot|could not|failed to) connect to",
            "spurious network error",
            r"\(from versions: none\)",  # pip's word when it was not to try again
            "EAI_AGAIN",
            "ENOTFOUND",
            "ECONNREFUSED",
            "ECONNRESET",
            "ETIMEDOUT",
            "ENETUNREACH",
        ),
        "a package index does not answer or lacks a package: look at the network or the proxy settings, "
        "then run the same again",
    ),
    Cause(
        NoPermission,
        (
            "permission denied",
            "EACCES",
            "EPERM",
            "operation not permitted",
            "access is denied",
            "read-only file system",
            "EROFS",
        ),
        "a folder may not be written: run as the owner of the checkout, or give the folder to this user",
    ),
)


def diagnose(title: str, output: str, log: Path) -> Trouble:
    """The trouble behind a tool's output. `title` is the step in words, `log` where all of it stands."""
    for cause in CAUSES:
        if re.search("|".join(cause.words), output, re.IGNORECASE):
            return cause.trouble(f"{title}: {cause.remedy} (log: {log})")
    return ToolFailed(f"{title} failed: {telling_line(output)} (log: {log})")


def telling_line(output: str) -> str:
    """The line of an output that says most: the first that tells an error, else the last with a word."""
    lines = [line.strip() for line in output.splitlines() if re.search(r"[A-Za-z]{3}", line)]
    named = [line for line in lines if re.search(r"\berror\b[^:]*: +\S", line, re.IGNORECASE)]
    return [*named[:1], *lines[-1:], "no output"][0][:200]
