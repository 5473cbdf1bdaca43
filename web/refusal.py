"""Refusals: how a request that cannot be served ends. One class for all, with the status beside the words."""

from web.protocol.refusal import Refusal


class RefusedError(Exception):
    """The request is refused; `text` tells its sender what to do."""

    def __init__(
        self,
        status: int,
        code: str,
        text: str,
        retry_after_s: int = 0,
        limit: int = 0,
        cause: str = "",
        facts: tuple[str, ...] = (),
    ) -> None:
        super().__init__(text)
        self.status = status
        self.retry_after_s = retry_after_s
        self.body = Refusal(code, text, limit, cause, facts)


def not_found() -> RefusedError:
    """Also for what belongs to somebody else: nobody learns that it exists."""
    return RefusedError(404, "not_found", "There is nothing here under that name.")


def storage_trouble() -> RefusedError:
    return RefusedError(503, "storage", "The storage does not answer. Try again in a moment.", 5)
