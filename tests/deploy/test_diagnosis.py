from pathlib import Path

import pytest

from deploy.diagnosis import diagnose
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

LOG = Path("log")


@pytest.mark.parametrize(
    ("cause", "output"),
    [
        (DiskFull, "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"),
        (DiskFull, "npm error code ENOSPC\nnpm error syscall write"),
        (DiskFull, "OSError: [WinError 112] There is not enough space on the disk"),
        (HashMismatch, "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE."),
        (HashMismatch, "error: Failed to download `x==1`\n  cause: Hash mismatch for `x==1`"),
        (HashMismatch, "npm error code EINTEGRITY\nnpm error sha512-… integrity checksum failed"),
        (
            UntrustedCertificate,
            "SSLError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')",
        ),
        (
            UntrustedCertificate,
            "error sending request for url (https://x/)\n invalid peer certificate: UnknownIssuer",
        ),
        (UntrustedCertificate, "npm error code SELF_SIGNED_CERT_IN_CHAIN"),
        (
            NoVenvModule,
            "The virtual environment was not created successfully because ensurepip is not\navailable.",
        ),
        (NoVenvModule, "/usr/bin/python3: No module named venv"),
        (NoVenvModule, "ModuleNotFoundError: No module named 'ensurepip'"),
        (
            NoNetwork,
            "Failed to establish a new connection: [Errno -3] Temporary failure in name resolution",
        ),
        (NoNetwork, "error: Failed to fetch: `https://x/simple/y/`\n  dns error: failed to lookup address"),
        (NoNetwork, "npm error code EAI_AGAIN\nnpm error request to https://x/vue failed"),
        (NoNetwork, "error: failed to get `pyo3`\n  [6] Could not resolve hostname"),
        (NoNetwork, "W: Failed to fetch http://x/InRelease  Temporary failure resolving 'x'"),
        (NoPermission, "ERROR: [Errno 13] Permission denied: '/opt/samovar/.venv/lib'"),
        (NoPermission, "npm error code EACCES"),
        (NoPermission, "PermissionError: [WinError 5] Access is denied"),
        (ToolFailed, "error: could not compile `samovar_crypto`"),
    ],
)
def test_the_words_of_a_tool_betray_the_cause(cause: type[Trouble], output: str) -> None:
    trouble = diagnose("Python packages", f"some words before\n{output}\n", LOG)
    assert type(trouble) is cause
    assert str(trouble).startswith("Python packages")
    assert str(trouble).endswith("(log: log)")
    assert "\n" not in str(trouble)


def test_a_full_disk_is_told_before_the_broken_download_it_caused() -> None:
    output = "Connection aborted\nOSError: [Errno 28] No space left on device"
    assert isinstance(diagnose("Model", output, LOG), DiskFull)


def test_an_unknown_failure_shows_the_line_that_tells_most() -> None:
    output = "$ vite build\nError: Failed to resolve /src/main.ts\n    at file.js\n}\n"
    assert str(diagnose("Browser interface", output, LOG)) == (
        "Browser interface failed: Error: Failed to resolve /src/main.ts (log: log)"
    )


def test_a_failure_without_a_word_is_still_one_line() -> None:
    assert str(diagnose("Kettle", "\n \n}\n", LOG)) == "Kettle failed: no output (log: log)"
