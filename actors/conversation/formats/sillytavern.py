"""SillyTavern's chat file: JSON lines, the first of which names who speaks.

{"user_name", "character_name", "create_date", "chat_metadata"}, then a line for each message of one path:
{"name", "is_user", "is_system", "send_date", "mes", "extra": {"reasoning"}, "swipes", "swipe_id",
"swipe_info": [{"send_date", "extra"}]}, in a group also {"original_avatar"}. A swipe is a version of one
message; what follows one that is not shown is not in such a file. Learnt from files that it wrote; its
branches are files of their own.
"""

import json
from collections.abc import Iterator
from typing import Any, cast

from actors.conversation.formats.chat import (
    NOTHING,
    Chat,
    ChatLimits,
    ChatMessage,
    ReadChat,
    UnreadableChatError,
    clean,
    counted,
    path_of,
    places_of,
    too_many_messages,
)
from actors.conversation.formats.moments import iso, moment_ms
from actors.messages.remarks import Remark, remark

Fields = dict[str, Any]

PICTURES = ("image", "image_swipes", "file", "files", "media", "video")
"""Places in `extra` where a message has more than words."""
LOST = "\N{REPLACEMENT CHARACTER}"


# -- writing ------------------------------------------------------------------------------------


def written(chat: Chat) -> Iterator[bytes]:
    """The file, line by line: the shown path, and the versions of each place on it."""
    yield line(
        {
            "user_name": chat.user_name,
            "character_name": chat.character_name,
            "create_date": iso(chat.created_ms),
            "chat_metadata": {"title": chat.title},
        }
    )
    places = places_of(chat)
    for number in path_of(chat):
        yield line(fields_of(chat, number, places[chat.messages[number].parent]))


def fields_of(chat: Chat, number: int, siblings: list[int]) -> Fields:
    message = chat.messages[number]
    spoken = chat.user_name if message.role == "user" else chat.character_name
    extra = extra_of(message)
    if message.role == "system":
        extra["type"] = "narrator"
    fields: Fields = {
        "name": message.name or spoken,
        "is_user": message.role == "user",
        "is_system": False,
        "send_date": iso(message.created_ms),
        "mes": message.text,
        "extra": extra,
    }
    versions = [one for one in siblings if chat.messages[one].role == message.role]
    if len(versions) > 1:
        told = [chat.messages[one] for one in versions]
        fields["swipe_id"] = versions.index(number)
        fields["swipes"] = [one.text for one in told]
        fields["swipe_info"] = [{"send_date": iso(one.created_ms), "extra": extra_of(one)} for one in told]
    return fields


def extra_of(message: ChatMessage) -> Fields:
    return {"reasoning": message.thoughts} if message.thoughts else {}


def left_out(chat: Chat) -> int:
    """How many messages stand on branches that such a file does not hold."""
    places = places_of(chat)
    held = 0
    for number in path_of(chat):
        siblings = places[chat.messages[number].parent]
        held += sum(chat.messages[one].role == chat.messages[number].role for one in siblings)
    return len(chat.messages) - held


def line(fields: Fields) -> bytes:
    return json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


# -- reading ------------------------------------------------------------------------------------


def read(data: bytes, limits: ChatLimits) -> ReadChat:
    """Raises UnreadableChatError. A line that cannot be read is left out, and told."""
    reader = Reader(limits)
    for text in lines_of(data):
        reader.take(text)
    return reader.read()


def lines_of(data: bytes) -> Iterator[bytes]:
    """Without a copy of the whole."""
    start = 3 if data.startswith(b"\xef\xbb\xbf") else 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        text = data[start:end].strip(b" \t\r\0")
        if text:
            yield text
        start = end + 1


class Reader:
    """Takes the lines of one file."""

    def __init__(self, limits: ChatLimits) -> None:
        self.limits = limits
        self.header: Fields | None = None
        self.messages: list[ChatMessage] = []
        self.cards: list[str] = []
        self.head = NOTHING
        self.broken = 0
        self.garbled = 0
        self.hidden = 0
        self.pictures = 0
        self.character = ""

    def take(self, text: bytes) -> None:
        fields = fields_in(text) if len(text) <= self.limits.line_bytes else None
        if fields is None:
            self.broken += 1
        elif "mes" in fields:
            self.garbled += not is_clean(text)
            self.take_message(fields)
        elif self.header is None and not self.messages:
            self.header = fields
        else:
            self.broken += 1

    def take_message(self, fields: Fields) -> None:
        extra = dict_in(fields, "extra")
        role = "user" if fields.get("is_user") is True else "assistant"
        if extra.get("type") == "narrator":
            role = "system"
        elif fields.get("is_system") is True:
            self.hidden += 1
        self.pictures += any(extra.get(place) for place in PICTURES)
        name, card = clean(fields.get("name")), clean(fields.get("original_avatar"))
        if role == "assistant" and not self.character:
            self.character = name
        swipes, chosen = swipes_of(fields)
        infos = list_in(fields, "swipe_info")
        parent, first = self.head, len(self.messages)
        for number, (text, place) in enumerate(swipes):
            info = as_dict(infos[place]) if place < len(infos) else {}
            told = dict_in(info, "extra") if number != chosen or not extra else extra
            sent = info.get("send_date") if number != chosen else fields.get("send_date")
            self.messages.append(
                ChatMessage(
                    parent=parent,
                    role=role,
                    text=text,
                    name=name,
                    created_ms=moment_ms(sent) or moment_ms(fields.get("send_date")),
                    thoughts=clean(told.get("reasoning")),
                )
            )
            self.cards.append(card)
        self.head = first + chosen
        if len(self.messages) > self.limits.messages:
            raise too_many_messages(self.limits)

    def read(self) -> ReadChat:
        if self.header is None and not self.messages:
            raise UnreadableChatError("The file holds no chat of SillyTavern.", "no_chat")
        header = self.header or {}
        created = moment_ms(header.get("create_date"))
        messages = tuple(counted(iter(self.messages), self.limits))
        about = dict_in(header, "chat_metadata")
        said = next((one.name for one in messages if one.role == "user" and one.name), "")
        chat = Chat(
            title=clean(about.get("title")),
            user_name=name_in(header, "user_name") or said,
            character_name=name_in(header, "character_name") or self.character,
            character="",
            created_ms=created or min((one.created_ms for one in messages if one.created_ms), default=0),
            head=self.head,
            messages=messages,
        )
        return ReadChat(chat, self.warnings(), tuple(self.cards), about)

    def warnings(self) -> tuple[Remark, ...]:
        told = (
            (self.broken, "chat_lines", "lines could not be read and were left out"),
            (
                self.garbled,
                "chat_garbled",
                f"lines are not clean UTF-8: what could not be read stands as {LOST}",
            ),
            (self.hidden, "chat_hidden", "messages were hidden from the model; here they are not"),
            (self.pictures, "chat_pictures", "messages had pictures or files, which stay where they were"),
        )
        return tuple(remark(code, f"{number} {what}.", number) for number, code, what in told if number)


def swipes_of(fields: Fields) -> tuple[list[tuple[str, int]], int]:
    """The versions of a message with their numbers in the file, and which of them is shown. `mes` is what was
    shown last: it counts. A swipe that says otherwise in its place was replaced there, and is kept before it.
    """
    shown = clean(fields.get("mes"))
    swipes = [(clean(text), number) for number, text in enumerate(list_in(fields, "swipes"))]
    if not swipes:
        return [(shown, 0)], 0
    texts = [text for text, _ in swipes]
    chosen = fields.get("swipe_id")
    if not isinstance(chosen, int) or isinstance(chosen, bool) or not 0 <= chosen < len(swipes):
        if shown not in texts:
            return [*swipes, (shown, len(swipes))], len(swipes)
        chosen = texts.index(shown)
    if texts[chosen].strip() == shown.strip():
        swipes[chosen] = (shown, chosen)
        return swipes, chosen
    return [*swipes[: chosen + 1], (shown, chosen), *swipes[chosen + 1 :]], chosen + 1


def is_clean(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def fields_in(text: bytes) -> Fields | None:
    try:
        fields: Any = json.loads(text.decode("utf-8", "replace"), strict=False)
    except (ValueError, RecursionError):
        return None
    return cast("Fields", fields) if isinstance(fields, dict) else None


def as_dict(value: Any) -> Fields:
    return cast("Fields", value) if isinstance(value, dict) else {}


def dict_in(fields: Fields, name: str) -> Fields:
    return as_dict(fields.get(name))


def list_in(fields: Fields, name: str) -> list[Any]:
    value = fields.get(name)
    return cast("list[Any]", value) if isinstance(value, list) else []


def name_in(fields: Fields, name: str) -> str:
    """Newer files have "unused" where the name stood."""
    text = clean(fields.get(name)).strip()
    return "" if text == "unused" else text
