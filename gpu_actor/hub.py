"""Hub: the door to `huggingface_hub`. Lists a repository's files, and fetches one from where it was cut off.

Only the hub's endpoint (HF_ENDPOINT, https://huggingface.co where it is not set) and where it redirects
downloads to are contacted: no telemetry, no Xet. The user's own token for the hub is used where the
package finds one, for models that ask for consent.
"""

import logging
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

# The package reads its settings when it is imported.
os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
os.environ.setdefault("HF_HUB_DISABLE_XET", "1")
os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
os.environ.setdefault("HF_HUB_DISABLE_UPDATE_CHECK", "1")

import httpx2
import huggingface_hub
from huggingface_hub import errors, utils
from msgspec import Struct

from gpu_actor.troubles import HubError, ModelNotFoundError, NoNetworkError

untyped: Any = utils
"""Its functions have no complete types."""

ELSEWHERE = "fetch the file elsewhere, for example in a browser, and name it with --model PATH"
LEAST_PAUSE = 1 << 20  # bytes between two reports of progress
PARTIAL_CONTENT = 206
TRIES = 5  # in a row that bring nothing, before a fetch is given up
PAUSE_S = 1.0  # before a further one
TIMEOUT_S = 20.0  # of connecting, and of waiting for the next bytes

Report = Callable[[int], None]


class HubFile(Struct, frozen=True):
    """A file of a repository. `sha256` where the hub keeps it in LFS, else git's `blob_id` (SHA-1); hex."""

    name: str
    size: int
    sha256: str = ""
    blob_id: str = ""


class Listing(Struct, frozen=True):
    """The files of a repository at one commit."""

    repo: str
    commit: str
    files: tuple[HubFile, ...]


class Hub:
    """`tries`: in a row that bring nothing, before a fetch is given up; `pause` waits before each."""

    def __init__(
        self, endpoint: str | None = None, tries: int = TRIES, pause: Callable[[float], None] = time.sleep
    ) -> None:
        self.tries = tries
        self.pause = pause
        self.endpoint = endpoint or os.environ.get("HF_ENDPOINT") or None
        self.api = huggingface_hub.HfApi(endpoint=self.endpoint, library_name="samovar")
        # What it tells of retries is ours to tell.
        logging.getLogger("huggingface_hub").setLevel(logging.ERROR)

    def listing(self, repo: str, revision: str | None) -> Listing:
        """All files of the repository; EngineTrouble says why not."""
        try:
            info = self.api.model_info(repo, revision=revision, files_metadata=True)
        except Exception as error:
            raise self.told(error, repo) from error
        files = [
            HubFile(
                each.rfilename,
                each.size or 0,
                each.lfs.sha256 if each.lfs else "",
                each.blob_id or "",
            )
            for each in info.siblings or []
        ]
        return Listing(repo, info.sha or revision or "main", tuple(files))

    def fetch(self, listing: Listing, file: HubFile, path: Path, report: Report) -> int:
        """Write the file to `path`, from where an earlier try ended; bytes that were there already.
        `report` is told the bytes that are there, now and then.
        """
        url = huggingface_hub.hf_hub_url(
            listing.repo, file.name, revision=listing.commit, endpoint=self.endpoint
        )
        with path.open("ab") as stream:
            begun = stream.seek(0, os.SEEK_END)
            if begun > file.size:  # of another file: begin anew
                stream.truncate(0)
                begun = 0
            at, failed = begun, 0
            while at < file.size:
                why: Exception = ConnectionError("the connection ended early")
                try:
                    self.stream(url, stream, file.size, report)
                except httpx2.TransportError as error:
                    why = error
                except (httpx2.HTTPError, errors.HfHubHTTPError) as error:
                    raise self.told(error, listing.repo, file.name) from error
                reached = stream.seek(0, os.SEEK_END)
                failed = 0 if reached > at else failed + 1
                at = reached
                if at < file.size and failed == self.tries:
                    raise self.told(why, listing.repo, file.name) from why
                if failed:
                    self.pause(PAUSE_S)
        return begun

    def stream(self, url: str, stream: BinaryIO, size: int, report: Report) -> None:
        """Append what the server sends from the end of the stream on, up to `size` bytes in all."""
        headers: dict[str, str] = untyped.build_hf_headers(library_name="samovar")
        headers["Accept-Encoding"] = "identity"  # a range is then one of the file's own bytes
        at = told = stream.tell()
        if at:
            headers["Range"] = f"bytes={at}-"
        session: httpx2.Client = untyped.get_session()
        request = session.stream("GET", url, headers=headers, timeout=TIMEOUT_S, follow_redirects=True)
        with request as response:
            untyped.hf_raise_for_status(response)
            if at and response.status_code != PARTIAL_CONTENT:
                stream.truncate(0)  # it sends the whole
                at = told = stream.seek(0)
            for chunk in response.iter_bytes():
                at += stream.write(chunk[: size - at])
                if at - told >= LEAST_PAUSE or at == size:
                    told = at
                    report(at)
                if at == size:
                    break

    def told(self, error: Exception, repo: str, name: str = "") -> Exception:
        """The trouble that this error means; the error itself where it is none of the hub's."""
        what = f"{repo}/{name}" if name else repo
        match error:
            case errors.GatedRepoError():
                return HubError(
                    f"the hub gives {repo} only to people who agreed to its terms: agree on its page, and "
                    "log in with `hf auth login`"
                )
            case errors.RevisionNotFoundError():
                return ModelNotFoundError(f"{repo} has no such revision; leave --revision out for the newest")
            case errors.RepositoryNotFoundError() | errors.HFValidationError():
                return ModelNotFoundError(
                    f"the hub knows no model {repo!r}: name it as OWNER/NAME, as its page is called"
                )
            case errors.HfHubHTTPError():
                status = error.response.status_code
                return HubError(f"the hub refuses {what} with status {status}; try again later")
            case errors.OfflineModeIsEnabled():
                return NoNetworkError(
                    f"HF_HUB_OFFLINE is set, so {what} cannot be fetched; unset it, or {ELSEWHERE}"
                )
            case httpx2.HTTPError() | ConnectionError():
                where = self.endpoint or "huggingface.co"
                why = str(error) or type(error).__name__
                return NoNetworkError(f"{where} cannot be reached for {what} ({why}); {ELSEWHERE}")
            case _:
                return error
