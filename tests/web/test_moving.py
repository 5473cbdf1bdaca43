"""Moving in over REST: a whole folder of SillyTavern, with nothing lost and everything said."""

import asyncio
from collections import Counter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from msgspec import Struct

from actors.messages.conversations import AddMessages
from actors.messages.group import Group
from tests.web import tavern
from tests.web.site import Answer, Site, run_at
from web.library.settings import LibrarySettings
from web.records import StorageTroubleError

pytestmark = pytest.mark.timeout(400)

MOVES = "/api/moves"
TALK = "chats/Agafya/Агафья - 2024-05-01@12h30m15s.jsonl"
AS_IT_IS: dict[str, str | None] = {"Content-Type": "application/octet-stream"}


class Mover:
    """Sends a folder as the page does."""

    files: list[Path]
    listed: list[list[Any]]

    def __init__(self, site: Site, cookie: str, folder: Path, above: str = "default-user") -> None:
        self.site = site
        self.cookie = cookie
        self.files = sorted(path for path in folder.rglob("*") if path.is_file())
        self.listed = [[f"{above}/{path.relative_to(folder)}", path.stat().st_size] for path in self.files]
        self.move: Any = None

    def data(self, number: int) -> bytes:
        return self.files[number].read_bytes()

    async def begin(self, **more: Any) -> Answer:
        answer = await self.site.call("POST", MOVES, {"files": self.listed, **more}, self.cookie)
        self.move = answer.json
        return answer

    async def piece(self, number: int, at: int, data: bytes) -> Answer:
        path = f"{MOVES}/{self.move['id']}/files/{number}?at={at}"
        return await self.site.call("PUT", path, data, self.cookie, AS_IT_IS)

    async def send(self, number: int) -> list[Any]:
        data, size = self.data(number), int(self.move["piece_bytes"])
        items: list[Any] = []
        for at in range(0, max(1, len(data)), size):
            answer = await self.piece(number, at, data[at : at + size])
            assert answer.status == 200, (self.listed[number], answer.body)
            items += answer.json["items"]
        return items

    async def end(self) -> Any:
        answer = await self.site.call("POST", f"{MOVES}/{self.move['id']}/end", None, self.cookie)
        assert answer.status == 200, answer.body
        return answer.json

    async def all(self) -> Any:
        assert (await self.begin()).status == 201
        for number in self.move["files"]:
            await self.send(number)
        return await self.end()


async def get(site: Site, cookie: str, path: str) -> Any:
    answer = await site.call("GET", path, cookie=cookie)
    assert answer.status == 200, (path, answer.body)
    return answer.json


def by_kind(report: Any) -> dict[str, Any]:
    return {kind["kind"]: kind for kind in report["kinds"]}


def item(report: Any, name: str, kind: str = "") -> Any:
    (found,) = [each for each in report["items"] if each["name"] == name and kind in ("", each["kind"])]
    return found


def codes(item: Any) -> list[str]:
    return [remark["code"] for remark in item["remarks"]]


def adds_up(report: Any, files: int) -> None:
    for kind in report["kinds"]:
        states = [kind[state] for state in ("imported", "known", "refused", "left_out")]
        assert sum(states) == kind["found"], kind
    for each in report["items"]:
        assert each["status"] in {"imported", "known"} or each["remarks"], each
        for remark in each["remarks"]:
            assert remark["text"], each
            assert "\n" not in remark["text"], each
    of_files = {"character", "chat", "group", "group_chat", "lorebook", "preset", "settings", "other"}
    assert sum(kind["found"] for kind in report["kinds"] if kind["kind"] in of_files) <= files


class Moved(Struct):
    """What a user has after the whole folder came in; answers by their path."""

    folder: Path
    files: int
    report: Any
    answers: dict[str, Any]
    groups: dict[str, Group]

    def __getitem__(self, path: str) -> Any:
        return self.answers[path]

    def item(self, name: str) -> Any:
        return item(self.report, name)

    def chat(self, name: str) -> Any:
        return self.answers[f"/api/conversations/{self.item(name)['id']}/file/json"]

    def choices(self, name: str) -> Any:
        return self.answers[f"/api/conversations/{self.item(name)['id']}/choices"]

    @property
    def gallery(self) -> dict[str, Any]:
        return {row["name"]: row for row in self["/api/characters"]}


@pytest.fixture(scope="module")
def moved(tmp_path_factory: pytest.TempPathFactory) -> Moved:
    place = tmp_path_factory.mktemp("moved")
    folder = tavern.make(place / "tavern")
    found = Moved(folder, 0, None, {}, {})

    async def test(site: Site) -> None:
        cookie = await site.person("Ада")

        async def keep(path: str) -> Any:
            found.answers[path] = await get(site, cookie, path)
            return found.answers[path]

        mover = Mover(site, cookie, folder)
        found.files, found.report = len(mover.files), await mover.all()
        for name in ("personas", "presets"):
            await keep(f"/api/{name}")
        for row in await keep("/api/characters"):
            await keep(f"/api/characters/{row['id']}/choices")
        for row in await keep("/api/lorebooks"):
            await keep(f"/api/lorebooks/{row['id']}")
        for row in await keep("/api/conversations"):
            await keep(f"/api/conversations/{row['id']}/file/json")
            await keep(f"/api/conversations/{row['id']}/choices")
            stored = await site.edge.records.conversation(UUID(row["id"]))
            if stored is not None and stored.group is not None:
                found.groups[row["id"]] = stored.group

    run_at(place, test, data=place / "data")
    return found


def test_no_message_swipe_or_lore_entry_of_a_folder_is_lost(moved: Moved) -> None:
    there, kinds = tavern.counted(moved.folder), by_kind(moved.report)
    adds_up(moved.report, moved.files)
    found = {
        kind: (kinds[kind]["found"], kinds[kind]["refused"]) for kind in ("chat", "group_chat", "lorebook")
    }
    assert found == {"chat": (5, 0), "group_chat": (3, 0), "lorebook": (2, 0)}
    assert sum(kind["messages"] for kind in moved.report["kinds"]) == there.shown
    assert sum(kind["versions"] for kind in moved.report["kinds"]) == there.versions.total()
    assert kinds["lorebook"]["entries"] == there.entries.total()
    assert kinds["character"]["entries"] == 5  # of two cards
    chats = [moved[f"/api/conversations/{row['id']}/file/json"] for row in moved["/api/conversations"]]
    assert Counter(one["text"] for chat in chats for one in chat["messages"]) == there.versions
    books = [moved[f"/api/lorebooks/{row['id']}"] for row in moved["/api/lorebooks"]]
    assert Counter(entry["content"] for book in books for entry in book["book"]["entries"]) == there.entries


def test_characters_have_their_tags_favourites_and_lorebooks(moved: Moved) -> None:
    assert set(moved.gallery) == {"Агафья", "Boatman", "Ilya", tavern.ZWJ_NAME, "Gone", "Lost"}
    assert "favourites of winter" in moved.gallery["Агафья"]["tags"]
    assert moved.gallery["Ilya"]["favourite"]
    assert codes(moved.item("characters/Ilya.png")) == ["lore_missing"]
    assert codes(moved.item("characters/Agafya.png")) == ["lore_in_card"]
    books = {book["name"]: book for book in moved["/api/lorebooks"]}
    assert {(use["scope"], use["target"]) for use in books["Volga"]["uses"]} == {
        ("character", moved.gallery["Ilya"]["id"]),
        ("persona", next(one["id"] for one in moved["/api/personas"] if one["name"] == "Ада")),
        ("conversation", moved.item(TALK)["id"]),
    }
    assert {use["scope"] for use in books["Steppe"]["uses"]} == {"user", "character"}


def test_personas_instructions_and_presets_come_with_the_settings(moved: Moved) -> None:
    personas = {one["name"]: one for one in moved["/api/personas"]}
    assert set(personas) == {"Ада", "Captain", "Ghost"}
    assert (personas["Ада"]["standard"], personas["Ада"]["description"]) == (True, "A traveller.")
    assert [bool(personas[name]["portrait"]) for name in ("Captain", "Ghost")] == [True, False]
    chosen = moved.choices(TALK)
    assert chosen["conversation"]["persona"] == personas["Captain"]["id"]
    note = chosen["conversation"]["note"]
    assert (note["text"], note["depth"], note["role"], note["every"]) == ("It snows.", 3, "user", 2)
    assert chosen["everywhere"]["system_prompt"] == "Write slowly."
    assert chosen["everywhere"]["post_history_instructions"] == "Short."
    of_ilya = moved[f"/api/characters/{moved.gallery['Ilya']['id']}/choices"]
    assert of_ilya["character"]["persona"] == personas["Captain"]["id"]
    own = {each["name"]: each["settings"] for each in moved["/api/presets"]["presets"] if each["own"]}
    assert (own["Hot"]["min_p"], own["Default"]["temperature"]) == (0.05, 0.8)
    assert codes(moved.item("TextGen Settings/Hot.json")) == ["preset_left"]
    assert codes(moved.item("OpenAI Settings/Default.json")) == ["preset_prompts"]


def test_a_chat_has_its_versions_thoughts_and_title(moved: Moved) -> None:
    talk, chat = moved.item(TALK), moved.chat(TALK)
    assert (talk["messages"], talk["versions"], talk["title"]) == (5, 8, "Агафья")
    assert [one["text"] for one in chat["messages"]][:3] == ["Come in.", "Who knocks?", "Ah, it is you."]
    thoughts = {one["text"]: one.get("thoughts", "") for one in chat["messages"]}
    assert (thoughts["There is. 🫖"], thoughts["No."]) == ("She is cold.", "")
    assert moved.item("chats/Agafya/Winter plans.jsonl")["title"] == "Winter plans"
    gone = moved.item("chats/Gone/Gone - 2023-01-01@00h00m00s.jsonl")
    assert (gone["status"], codes(gone)) == ("imported", ["no_card"])


def test_a_group_comes_with_all_who_speak_in_it(moved: Moved) -> None:
    first = moved.item("group chats/table 1.jsonl")
    rows = {row["id"]: row for row in moved["/api/conversations"]}
    members = {member["name"]: member["left"] for member in rows[first["id"]]["members"]}
    assert members == {"Агафья": False, "Ilya": False, "Lost": False, tavern.ZWJ_NAME: True}
    assert rows[first["id"]]["title"] == "At the table"
    group = moved.groups[first["id"]]
    assert (group.turns, group.round, group.joined) == ("order", 3, True)
    assert [member.muted for member in group.members] == [False, True, False, False]
    names = [message.get("name", "") for message in moved.chat("group chats/table 1.jsonl")["messages"]]
    assert names == ["Агафья", "Ада", "Ilya", "Ilya", "Lost", tavern.ZWJ_NAME, "A stranger"]
    assert moved.choices("group chats/table 1.jsonl")["conversation"]["note"]["text"] == "It snows."
    assert moved.item("groups/1700.json")["status"] == "imported"
    silent = moved.item("groups/1800.json")
    assert (silent["status"], rows[silent["id"]]["title"]) == ("imported", "Silent")
    orphan = rows[moved.item("group chats/orphan.jsonl")["id"]]
    assert {member["name"] for member in orphan["members"]} == {"Агафья", "Ilya"}


def test_the_same_folder_once_more_adds_nothing_and_says_so(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_small(tmp_path / "tavern")

    async def things(site: Site, cookie: str) -> dict[str, Any]:
        listed = ("characters", "conversations", "lorebooks", "personas", "presets")
        return {name: await get(site, cookie, f"/api/{name}") for name in listed}

    async def test(site: Site) -> None:
        cookie = await site.person("Ада")
        first = await Mover(site, cookie, folder).all()
        before = await things(site, cookie)
        talk = item(first, "chats/Agafya/Winter plans.jsonl")
        assert (await site.call("DELETE", f"/api/conversations/{talk['id']}", cookie=cookie)).status == 204
        book = before["lorebooks"][0]
        use = {"scope": book["uses"][0]["scope"], "target": book["uses"][0]["target"], "attached": False}
        assert (await site.call("PUT", f"/api/lorebooks/{book['id']}/uses", use, cookie)).status == 200
        (folder / f"chats/Agafya/{tavern.LONG}").write_bytes(
            tavern.lines(tavern.said("Агафья", "Another talk by now."))
        )
        again = await Mover(site, cookie, folder).all()
        after = await things(site, cookie)
        came = [each["name"] for each in again["items"] if each["status"] == "imported"]
        grown = f"chats/Agafya/{tavern.LONG}"
        assert sorted(came) == sorted(["settings.json", "chats/Agafya/Winter plans.jsonl", grown])
        assert codes(item(again, "chats/Agafya/Winter plans.jsonl")) == ["chat_back"]
        assert codes(item(again, grown)) == ["older_state"]
        assert len(after["conversations"]) == len(before["conversations"]) + 1
        for name in ("characters", "personas", "presets"):
            assert after[name] == before[name]
        uses = {one["id"]: one["uses"] for one in after["lorebooks"]}
        assert len(uses[book["id"]]) == len(book["uses"]) - 1  # what was detached meanwhile stays so

    run_at(ui, test, data=tmp_path / "data")


def test_broken_and_hostile_files_are_refused_one_by_one_with_a_reason(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_small(tmp_path / "tavern")
    tavern.spoil(folder)

    async def test(site: Site) -> None:
        cookie = await site.person("Ада")
        mover = Mover(site, cookie, folder)
        report = await mover.all()
        adds_up(report, len(mover.files))
        refused = {each["name"]: codes(each) for each in report["items"] if each["status"] == "refused"}
        assert refused == {
            "characters/broken.png": ["picture_cut"],
            "characters/empty.png": ["empty"],
            "characters/no card.png": ["no_card_picture"],
            "characters/\ufffdgnp.tahc.png": ["unknown_file"],
            "worlds/list.json": ["no_lorebook"],
            "worlds/half.json": ["broken_json"],
            "worlds/deep.json": ["json_depth"],
            "TextGen Settings/none.json": ["preset"],
            "TextGen Settings/broken.json": ["preset"],
            "groups/broken.json": ["broken_json"],
            "groups/1900.json": ["group_empty"],
            "chats/Agafya/empty.jsonl": ["no_chat"],
            "chats/Agafya/binary.jsonl": ["no_chat"],
            "Long": ["text"],
        }
        assert item(report, "chats/Agafya/Winter plans2.jsonl")["status"] == "known"
        garbled = item(report, "chats/Agafya/cp1251.jsonl")
        assert (garbled["status"], garbled["versions"]) == ("imported", 2)
        assert codes(garbled) == ["chat_lines", "chat_garbled"]
        assert item(report, "chats/Agafya/utf16.jsonl")["messages"] == 1
        left = {each["name"]: codes(each)[0] for each in report["items"] if each["status"] == "left_out"}
        assert left["secrets.json"] == "left_secrets"
        assert left["User Avatars/unused.png"] == "left_avatar"

    run_at(ui, test, data=tmp_path / "data")


def test_secrets_and_what_has_no_counterpart_are_not_asked_for(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make(tmp_path / "tavern")

    async def test(site: Site) -> None:
        cookie = await site.person("Ада")
        mover = Mover(site, cookie, folder, above="SillyTavern/data/default-user")
        assert (await mover.begin()).status == 201
        assert mover.move["folder"] == "SillyTavern/data/default-user"
        asked = {mover.listed[number][0].split("/")[3] for number in mover.move["files"]}
        assert asked & {"secrets.json", "backups", "themes", "instruct", "thumbnails"} == set()
        parts = [mover.listed[number][0].split("/")[3] for number in mover.move["files"]]
        assert parts.index("settings.json") < parts.index("worlds") < parts.index("characters")
        assert parts.index("groups") < parts.index("chats") < parts.index("group chats")

    run_at(ui, test)


def test_a_file_comes_in_pieces_and_a_piece_may_come_twice(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")

    async def test(site: Site) -> None:
        await site.character("Агафья")
        site.edge.moves.settings = LibrarySettings(move_piece_bytes=10_000)
        cookie = await site.person("Ада")
        mover = Mover(site, cookie, folder)
        await mover.begin()
        for number in mover.move["files"]:
            data = mover.data(number)
            if not mover.listed[number][0].endswith(tavern.LONG):
                await mover.send(number)
                continue
            assert (await mover.piece(number, 0, data[:10_000])).json == {"items": []}
            too_far = await mover.piece(number, 15_000, data[15_000:])
            assert (too_far.status, too_far.json["code"], too_far.json["limit"]) == (
                409,
                "move_piece",
                10_000,
            )
            assert (await mover.piece(number, 5_000, data[5_000:15_000])).json == {"items": []}
            done = await mover.piece(number, 15_000, data[15_000:])
            assert done.json["items"][0]["versions"] == 500
            assert (await mover.piece(number, 15_000, data[15_000:])).json == done.json
        wrong = await mover.piece(mover.move["files"][0], 0, b"once more")
        assert (wrong.status, wrong.json["code"]) == (409, "move_order")
        report = await mover.end()
        assert by_kind(report)["chat"]["refused"] == 0
        assert await mover.end() == report

    run_at(ui, test, data=tmp_path / "data")


@pytest.mark.parametrize("once_more", [True, False], ids=["the same piece", "another move"])
def test_a_chat_that_was_cut_off_while_it_came_in_comes_in_whole(
    ui: Path, tmp_path: Path, once_more: bool
) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")
    long = f"chats/Agafya/{tavern.LONG}"

    async def test(site: Site) -> None:
        await site.character("Агафья")
        cookie = await site.person("Ада")
        records, batches = site.edge.records, 0
        commit = records.commit

        async def until_the_disk_is_full(*writes: Any) -> None:
            nonlocal batches
            batches += isinstance(writes[0], AddMessages)
            if batches == 3:
                raise StorageTroubleError("the disk is full")
            await commit(*writes)

        records.commit = until_the_disk_is_full
        mover = Mover(site, cookie, folder)
        await mover.begin()
        for number in mover.move["files"]:
            data = mover.data(number)
            answer = await mover.piece(number, 0, data)
            if answer.status == 503:
                break
        else:
            pytest.fail("the disk was never full")
        records.commit = commit
        assert len(await get(site, cookie, "/api/conversations")) == 1  # the plans
        if once_more:
            assert (await mover.piece(number, 0, data)).json["items"][0]["versions"] == 500
            await mover.end()
            rows = {row["title"]: row["id"] for row in await get(site, cookie, "/api/conversations")}
            chat = await get(site, cookie, f"/api/conversations/{rows['Агафья']}/file/json")
            assert (len(rows), len(chat["messages"])) == (2, 500)
            return
        report = await Mover(site, cookie, folder).all()
        talk = item(report, long)
        assert (talk["status"], talk["messages"], talk["versions"]) == ("imported", 250, 500)
        chat = await get(site, cookie, f"/api/conversations/{talk['id']}/file/json")
        assert len(chat["messages"]) == 500

    run_at(ui, test, data=tmp_path / "data")


def test_what_is_no_folder_of_sillytavern_is_refused(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        cookie = await site.person("Anna")
        lists: tuple[list[Any], ...] = (
            [],
            [["../../etc/passwd", 10]],
            [["a" * 100_000, 1]],
            [["photos/cat.jpg", 5]],
        )
        for files in lists:
            answer = await site.call("POST", MOVES, {"files": files}, cookie)
            assert (answer.status, answer.json["code"]) == (422, "no_folder"), files
        hostile = [
            ["..\\..\\characters\\..\\x.png", 1],
            ["characters/../../../secret.png", 1],
            ["C:\\tavern\\characters\\a.png", 3],
            ["C:\\tavern\\characters\\A.PNG", 3],
            ["C:\\tavern\\characters\\big.png", 10**15],
            ["C:\\tavern\\characters\\minus.png", -5],
        ]
        answer = await site.call("POST", MOVES, {"files": hostile}, cookie)
        assert (answer.status, answer.json["files"]) == (201, [2, 5])
        said = {item["name"]: item["remarks"][0]["code"] for item in answer.json["items"]}
        assert said["characters/A.PNG"] == "twice"
        assert said["characters/big.png"] == "file_bytes"
        site.edge.moves.settings = LibrarySettings(move_files=2)
        answer = await site.call("POST", MOVES, {"files": hostile}, cookie)
        assert (answer.status, answer.json["code"], answer.json["limit"]) == (422, "move_files", 2)

    run_at(ui, test)


def test_a_move_is_its_senders_alone_and_only_the_terminal_moves_for_others(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")

    async def test(site: Site) -> None:
        await site.character("Агафья")
        anna, boris = await site.person("Anna", "owner"), await site.person("Boris")
        assert (await Mover(site, boris, folder).begin(user="Anna")).status == 403
        mover = Mover(site, anna, folder)
        await mover.begin()
        other = Mover(site, boris, folder)
        other.move = mover.move
        assert (await other.piece(mover.move["files"][0], 0, b"{}")).status == 404
        local = await site.local()
        answer = await Mover(site, local, folder).begin(user="Nobody")
        assert (answer.status, answer.json["text"]) == (
            404,
            'No account is called "Nobody"; accounts: Anna, Boris.',
        )
        for user, cookie in (("Boris", boris), ("", anna)):
            by_terminal = Mover(site, local, folder)
            assert (await by_terminal.begin(user=user)).status == 201
            for number in by_terminal.move["files"]:
                await by_terminal.send(number)
            await by_terminal.end()
            assert len(await get(site, cookie, "/api/conversations")) == 2
            assert await get(site, local, "/api/conversations") == []

    run_at(ui, test, data=tmp_path / "data")


def test_what_was_not_sent_or_cannot_be_read_is_told(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")

    async def test(site: Site) -> None:
        await site.character("Агафья")
        cookie = await site.person("Anna")
        mover = Mover(site, cookie, folder)
        await mover.begin()
        first = mover.move["files"][0]
        path = f"{MOVES}/{mover.move['id']}/files/{first}"
        assert codes((await site.call("DELETE", path, cookie=cookie)).json["items"][0]) == ["unread"]
        report = await mover.end()
        adds_up_to = Counter(
            code for each in report["items"] for code in codes(each) if each["status"] == "refused"
        )
        assert adds_up_to["unread"] == 1
        assert adds_up_to["not_sent"] == len(mover.move["files"]) - 1
        assert all(kind["imported"] == 0 for kind in report["kinds"])

    run_at(ui, test)


def test_only_so_many_folders_come_in_and_one_large_file(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")
    (folder / "chats/Agafya/Winter plans.jsonl").unlink()

    async def test(site: Site) -> None:
        await site.character("Агафья")
        site.edge.moves.settings = LibrarySettings(move_piece_bytes=10_000, moves=2)
        movers = [Mover(site, await site.person(name), folder) for name in ("Anna", "Boris", "Clara")]
        assert [(await mover.begin()).status for mover in movers] == [201, 201, 503]
        data = movers[0].data(0)
        assert (await movers[0].piece(0, 0, data[:10_000])).status == 200
        waits = await movers[1].piece(0, 0, data[:10_000])
        assert (waits.status, waits.headers["retry-after"]) == (503, "5")
        assert (await movers[0].piece(0, 10_000, data[10_000:])).json["items"][0]["messages"] == 250
        assert (await movers[1].piece(0, 0, data[:10_000])).status == 200

    run_at(ui, test, data=tmp_path / "data")


def test_a_move_that_sends_nothing_for_long_is_over(ui: Path, tmp_path: Path) -> None:
    folder = tavern.make_talks(tmp_path / "tavern")

    async def test(site: Site) -> None:
        await site.character("Агафья")
        over = asyncio.Event()
        site.edge.moves.settings = LibrarySettings(move_idle_s=0.05)

        def ended(_: UUID) -> None:
            over.set()

        site.edge.moves.ended = ended
        mover = Mover(site, await site.person("Anna"), folder)
        await mover.begin()
        await over.wait()
        assert (await mover.piece(mover.move["files"][0], 0, b"{}")).status == 404

    run_at(ui, test)
