"""A data folder as SillyTavern leaves it, made by a script; and what is in it, by a reading of its own."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from msgspec import Struct

from tests.actors.character.fixtures import V1, V2, as_json, card_chunk, png, v3

Tree = dict[str, Any]
LONG = "Агафья - 2024-06-02@01h02m03s.jsonl"
ZWJ_NAME = "Кот 🐈‍⬛"  # letters beyond the first plane, joined


def card(tree: Tree) -> bytes:
    return png(card_chunk("chara", tree))


def named(name: str, **data: Any) -> Tree:
    plain = {"name": name, "description": f"{{{{char}}}} is {name}.", "first_mes": f"I am {name}."}
    return {"spec": "chara_card_v2", "spec_version": "2.0", "data": {**plain, **data}}


def said(name: str, text: str, *swipes: str, **more: Any) -> Tree:
    """A message of a character; `swipes` are all of its versions, `text` among them."""
    line: Tree = {
        "name": name,
        "is_user": False,
        "is_system": False,
        "send_date": "May 1, 2024 8:15pm",
        "mes": text,
        "extra": {},
    }
    if swipes:
        line |= {"swipes": [*swipes], "swipe_id": swipes.index(text), "swipe_info": [{} for _ in swipes]}
    return line | more


def asked(text: str, name: str = "Ада", **more: Any) -> Tree:
    return said(name, text, is_user=True, **more)


def lines(*trees: Tree, header: Tree | None = None) -> bytes:
    first = {
        "user_name": "Ада",
        "character_name": "Агафья",
        "create_date": "2024-05-01@12h30m15s",
        **(header or {}),
    }
    return b"".join(as_json(tree) + b"\n" for tree in (first, *trees))


def entry(uid: int, content: str, *keys: str) -> Tree:
    return {
        "uid": uid,
        "key": [*keys],
        "keysecondary": [],
        "content": content,
        "constant": not keys,
        "order": 100,
        "position": 0,
        "disable": False,
        "selectiveLogic": 0,
    }


def world(*contents: str) -> bytes:
    return as_json({"entries": {str(n): entry(n, text, f"key {n}") for n, text in enumerate(contents)}})


TALK = (
    said("Агафья", "Come in.", "Come in.", "Who knocks?", "Ah, it is you."),
    asked("Good evening.\nIs there tea?"),
    said("Агафья", "There is. 🫖", "No.", "There is. 🫖", extra={"reasoning": "She is cold."}),
    asked("Thank you."),
    said("Агафья", "Sit down.", "Sit down."),
)
NOTE = {"note_prompt": "It snows.", "note_interval": 2, "note_depth": 3, "note_position": 1, "note_role": 1}
SETTINGS: Tree = {
    "main_api": "textgenerationwebui",
    "power_user": {
        "personas": {
            "ada.png": "Ада",
            "17.png": "Captain",
            "no file.png": "Ghost",
            "long.png": "Long",
        },
        "persona_descriptions": {
            "ada.png": {"description": "A traveller.", "lorebook": "Volga"},
            "17.png": {
                "description": "Of a steamer.",
                "connections": [{"type": "character", "id": "Ilya.png"}],
            },
            "long.png": {"description": "x" * 30_000},
        },
        "default_persona": "ada.png",
        "sysprompt": {"enabled": True, "name": "Mine", "content": "Write slowly.", "post_history": "Short."},
    },
    "tags": [{"id": "t1", "name": "favourites of winter"}, {"id": "t2", "name": "unused"}],
    "tag_map": {"Agafya.png": ["t1", "gone"], "Ilya.png": []},
    "world_info_settings": {
        "world_info": {
            "globalSelect": ["Steppe"],
            "charLore": [{"name": "Ilya", "extraBooks": ["Steppe", "Nowhere"]}],
        }
    },
}


def make(folder: Path) -> Path:
    """The folder of one user, with sound files alone; each kind is in it."""
    put = Putter(folder)
    put("settings.json", as_json(SETTINGS))
    put("secrets.json", b'{"api_key": "never to be sent"}')
    put("characters/Agafya.png", card(V2))
    put("characters/Ilya.png", card(named("Ilya", extensions={"fav": True, "world": "Volga"})))
    put("characters/Boatman.png", png(card_chunk("ccv3", v3(name="Boatman"))))
    put(f"characters/{ZWJ_NAME}.png", card({**V1, "name": ZWJ_NAME}))
    put("characters/Agafya/joy.png", png())
    put(
        "chats/Agafya/Агафья - 2024-05-01@12h30m15s.jsonl",
        lines(*TALK, header={"chat_metadata": {**NOTE, "world_info": "Volga", "persona": "17.png"}}),
    )
    put(
        "chats/Agafya/Winter plans.jsonl",
        lines(said("Агафья", "In winter we mend nets."), asked("And then?")),
    )
    put(
        "chats/Ilya/Ilya - 2024-06-02@01h02m03s.jsonl",
        lines(*(said("Ilya", f"{n}", *[f"{n}", f"not {n}"]) for n in range(20))),
    )
    put(f"chats/{ZWJ_NAME}/x.jsonl", lines(said(ZWJ_NAME, "Мяу."), asked("Кис-кис.")))
    put(
        "chats/Gone/Gone - 2023-01-01@00h00m00s.jsonl",
        lines(said("Gone", "I have no card."), header={"character_name": "Gone"}),
    )
    put(
        "groups/1700.json",
        as_json(
            {
                "id": "1700",
                "name": "At the table",
                "members": ["Agafya.png", "Ilya.png", "Lost.png"],
                "disabled_members": ["Ilya.png"],
                "activation_strategy": 1,
                "generation_mode": 1,
                "chat_id": "table 2",
                "chats": ["table 1", "table 2"],
                "past_metadata": {"table 1": NOTE},
            }
        ),
    )
    put(
        "groups/1800.json",
        as_json({"id": "1800", "name": "Silent", "members": ["Ilya.png"], "chats": ["none"]}),
    )
    table = (
        said("Агафья", "All are here.", original_avatar="Agafya.png"),
        asked("Who is missing?"),
        said("Ilya", "Lost is.", "Lost is.", "Nobody.", original_avatar="Ilya.png"),
        said("Lost", "I am here!", original_avatar="Lost.png"),
        said(ZWJ_NAME, "Мяу", original_avatar=f"{ZWJ_NAME}.png"),
        said("A stranger", "And I left long ago.", original_avatar="deleted.png"),
    )
    put("group chats/table 1.jsonl", b"".join(as_json(line) + b"\n" for line in table))
    put(
        "group chats/table 2.jsonl",
        lines(*table[:2], header={"character_name": "unused", "user_name": "unused"}),
    )
    put("group chats/orphan.jsonl", b"".join(as_json(line) + b"\n" for line in table[:3]))
    put("worlds/Volga.json", world("The river freezes.", "The river floods.", "Barges pass. 🚢"))
    put("worlds/Steppe.json", world("The steppe is dry."))
    put("User Avatars/ada.png", png())
    put("User Avatars/17.png", png())
    put("User Avatars/long.png", png())
    put("User Avatars/unused.png", png())
    put(
        "OpenAI Settings/Default.json",
        as_json({"temperature": 0.8, "prompts": [{"identifier": "main", "content": "Be brief."}]}),
    )
    put("TextGen Settings/Hot.json", as_json({"temp": 1.4, "min_p": 0.05, "top_a": 0.3}))
    put("instruct/ChatML.json", b"{}")
    put("sysprompt/Mine.json", b"{}")
    put("backups/chat_agafya.jsonl", lines(*TALK))
    put("themes/Dark.json", b"{}")
    put("thumbnails/avatar/Agafya.png", png())
    return folder


def make_small(folder: Path) -> Path:
    """Just so much that each kind comes in."""
    put = Putter(make_talks(folder))
    put("settings.json", as_json(SETTINGS))
    put("worlds/Steppe.json", world("The steppe is dry."))
    put("characters/Agafya.png", card(V2))
    put("User Avatars/ada.png", png())
    put("TextGen Settings/Hot.json", as_json({"temp": 1.4, "min_p": 0.05, "top_a": 0.3}))
    return folder


def make_talks(folder: Path) -> Path:
    """Chats alone, with a character that is there already."""
    put = Putter(folder)
    put(
        "chats/Agafya/Winter plans.jsonl",
        lines(said("Агафья", "In winter we mend nets."), asked("And then?")),
    )
    put(f"chats/Agafya/{LONG}", lines(*(said("Агафья", f"{n}", f"{n}", f"not {n}") for n in range(250))))
    return folder


def spoil(folder: Path) -> None:
    """Files beside the sound ones that nothing, or not all, can come of."""
    put = Putter(folder)
    put("characters/broken.png", png(card_chunk("chara", V1))[:60])
    put("characters/empty.png", b"")
    put("characters/no card.png", png())
    put("characters/\u202egnp.tahc.png", b"MZ not a picture")
    put("characters/readme.txt", b"not a card")
    put("worlds/list.json", b"[1, 2]")
    put("worlds/half.json", b'{"entries": {"0": {"content": "cut o')
    put("worlds/deep.json", b'{"entries":' + b"[" * 100_000)
    put("User Avatars/17.txt", b"x")
    put("User Avatars/unused.png", png())
    put("User Avatars/long.png", png())
    put("secrets.json", b"{}")
    put("TextGen Settings/none.json", b'{"of": "another program"}')
    put("TextGen Settings/broken.json", b"\xff\xff")
    put("groups/broken.json", b"{")
    put("groups/1900.json", as_json({"name": "Nobody", "members": [], "chats": []}))
    put("chats/Agafya/empty.jsonl", b"")
    put("chats/Agafya/binary.jsonl", bytes(range(256)) * 40)
    put(
        "chats/Agafya/Winter plans2.jsonl",
        lines(said("Агафья", "In winter we mend nets."), asked("And then?")),
    )
    put(
        "chats/Agafya/cp1251.jsonl",
        lines(asked("—")) + '{"name":"Агафья","mes":"Чай"}\n'.encode("cp1251") + b"not json\n",
    )
    put("chats/Agafya/utf16.jsonl", lines(said("Агафья", "Шестнадцать.")).decode().encode("utf-16"))


class Putter:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __call__(self, path: str, data: bytes) -> None:
        target = self.folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)


class Counted(Struct):
    """Texts, as often as they stand in the folder."""

    shown: int  # messages on the shown paths
    versions: Counter[str]
    entries: Counter[str]


def counted(folder: Path) -> Counted:
    """By a reading of its own: json, line by line. Of files that are the same in one folder one counts."""
    chats = [*folder.glob("chats/*/*.jsonl"), *folder.glob("group chats/*.jsonl")]
    once = {(path.parent, path.read_bytes()): path for path in chats}
    messages = [
        message
        for path in once.values()
        for line in path.read_bytes().decode("utf-8").splitlines()
        if "mes" in (message := json.loads(line))
    ]
    versions = Counter(text for message in messages for text in message.get("swipes") or [message["mes"]])
    entries = Counter(
        each["content"]
        for path in folder.glob("worlds/*.json")
        for each in json.loads(path.read_bytes())["entries"].values()
    )
    return Counted(len(messages), versions, entries)
