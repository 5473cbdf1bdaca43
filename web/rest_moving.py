"""REST of moving in: a folder is listed, its files are sent piece by piece, and a report comes back."""

from typing import cast

from quart import Quart, Response, request

from actors.messages.accounts import AccountRow
from web import requests
from web.edge import Edge
from web.library.bench import BusyError
from web.moving.folder import NoFolderError
from web.moving.moves import Moving, TooManyFilesError, TooManyMovesError, WrongPieceError
from web.protocol.moving import FolderList
from web.refusal import RefusedError, not_found
from web.rest_library import busy, id_of

NO_FOLDER = (
    "This is no data folder of SillyTavern: choose data/default-user, in which the folders characters and "
    "chats lie."
)
RETRY_S = 5


def add_moving_routes(app: Quart, edge: Edge) -> None:
    moves = edge.moves

    @app.post("/api/moves")
    async def begin_move() -> Response:
        listed, caller = await requests.body(FolderList), requests.account()
        account = await meant(listed.user, caller)
        try:
            move = await moves.begin(listed, caller.id, account)
        except NoFolderError as error:
            raise RefusedError(422, "no_folder", NO_FOLDER) from error
        except TooManyFilesError as error:
            why = f"The folder has more than {error.limit:,} files: choose data/default-user within it."
            raise RefusedError(422, "move_files", why, limit=error.limit) from error
        except TooManyMovesError as error:
            raise others_first() from error
        return requests.answer(move, 201)

    @app.put("/api/moves/<move_id>/files/<number>")
    async def move_file(move_id: str, number: str) -> Response:
        moving, at = own(move_id), whole(request.args.get("at", "0"))
        data = cast("bytes", await request.get_data(cache=False))
        try:
            return requests.answer(await moves.piece(moving, whole(number), at, data))
        except WrongPieceError as error:
            raise wrong_piece(error) from error
        except TooManyMovesError as error:
            raise others_first() from error
        except BusyError as error:
            raise busy() from error

    @app.delete("/api/moves/<move_id>/files/<number>")
    async def move_unread(move_id: str, number: str) -> Response:
        try:
            return requests.answer(await moves.unread(own(move_id), whole(number)))
        except WrongPieceError as error:
            raise wrong_piece(error) from error

    @app.post("/api/moves/<move_id>/end")
    async def end_move(move_id: str) -> Response:
        try:
            return requests.answer(await moves.end(own(move_id)))
        except BusyError as error:
            raise busy() from error

    def own(move_id: str) -> Moving:
        found = moves.of(id_of(move_id), requests.account().id)
        if found is None:
            raise not_found()
        return found

    async def meant(name: str, caller: AccountRow) -> AccountRow:
        """Whose the things become. The terminal has none of its own: without a name it means the owner."""
        if caller.role != "local":
            if name:
                raise RefusedError(403, "forbidden", "This account may not do that.")
            return caller
        accounts = [each for each in await edge.records.accounts() if each.role != "local"]
        named = [each for each in accounts if (each.name == name if name else each.role == "owner")]
        if not named:
            names = ", ".join(each.name for each in accounts) or "none yet"
            missing = f'No account is called "{name}"' if name else "This node has no owner yet"
            raise RefusedError(404, "no_account", f"{missing}; accounts: {names}.")
        return named[0]

    _ = begin_move, move_file, move_unread, end_move


def whole(text: str) -> int:
    if not (text.isascii() and text.isdecimal() and len(text) < 20):
        raise not_found()
    return int(text)


def wrong_piece(error: WrongPieceError) -> RefusedError:
    if error.at < 0:
        return RefusedError(409, "move_order", "It is not this file's turn: begin the move anew.")
    why = f"The file goes on at byte {error.at}."
    return RefusedError(409, "move_piece", why, limit=error.at)


def others_first() -> RefusedError:
    why = "Other folders come in at the moment: try again in a moment."
    return RefusedError(503, "moves", why, RETRY_S)
