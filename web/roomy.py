"""Requests whose body may be large and slow: where files are brought, cards and books saved; nowhere else."""

import re
from typing import Any

from quart.wrappers import Request

from web.library.settings import LibrarySettings
from web.settings import WebSettings

PROMPTS = re.compile(r"POST /api/prompts/(counts|preview)")
FILES = re.compile(r"POST /api/(?:(?:characters|lorebooks|conversations)/import|characters/pictures)")
CARDS = re.compile(r"POST /api/characters(?:/[0-9a-f-]{36}/versions)?", re.ASCII)
BOOKS = re.compile(r"PUT /api/lorebooks/[0-9a-f-]{36}|POST /api/lore/trial", re.ASCII)
PORTRAITS = re.compile(r"PUT /api/personas/[0-9a-f-]{36}/picture", re.ASCII)
MOVES = re.compile(r"POST /api/moves")
PIECES = re.compile(r"PUT /api/moves/[0-9a-f-]{36}/files/\d+", re.ASCII)
WRITTEN_OUT = 3
"""How much longer a lorebook is as an editor sends it than its text: names of fields, escaped letters."""


def roomy_request(settings: LibrarySettings, web: WebSettings) -> type[Request]:
    class RoomyRequest(Request):
        def __init__(self, method: str, scheme: str, path: str, *rest: Any, **more: Any) -> None:
            asked = f"{method} {path}"
            if FILES.fullmatch(asked):
                more |= {"max_content_length": settings.upload_bytes, "body_timeout": settings.upload_s}
            elif CARDS.fullmatch(asked):
                more |= {"max_content_length": settings.edit_bytes, "body_timeout": settings.upload_s}
            elif BOOKS.fullmatch(asked):
                most = WRITTEN_OUT * settings.book_bytes
                more |= {"max_content_length": most, "body_timeout": settings.upload_s}
            elif PROMPTS.fullmatch(asked):
                more |= {"max_content_length": web.prompt_bytes}
            elif MOVES.fullmatch(asked):
                more |= {"max_content_length": settings.move_list_bytes, "body_timeout": settings.upload_s}
            elif PIECES.fullmatch(asked):
                more |= {"max_content_length": settings.move_piece_bytes, "body_timeout": settings.upload_s}
            elif PORTRAITS.fullmatch(asked):
                most = settings.portrait_bytes
                more |= {"max_content_length": most, "body_timeout": settings.upload_s}
            super().__init__(method, scheme, path, *rest, **more)

    return RoomyRequest
