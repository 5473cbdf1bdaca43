"""What the web process and the reader of files say to each other: msgpack, a message each way for a file."""

from msgspec import Struct

from actors.character.formats.limits import CardLimits
from actors.conversation.formats.chat import ChatLimits, ReadChat
from actors.messages.remarks import Remark
from actors.sampler_preset import ReadPreset
from web.moving.group_file import GroupFound
from web.moving.settings_file import Habits


class ReadChatFile(Struct, frozen=True, tag="chat"):
    """Read a conversation, of Samovar or of SillyTavern."""

    data: bytes
    limits: ChatLimits


class ReadPresetFile(Struct, frozen=True, tag="preset"):
    """Read a sampler preset."""

    data: bytes


class ReadSettingsFile(Struct, frozen=True, tag="settings"):
    """Read SillyTavern's settings.json, of `most_bytes` at most."""

    data: bytes
    limits: CardLimits
    most_bytes: int


class ReadGroupFile(Struct, frozen=True, tag="group"):
    """Read a group of SillyTavern; `stem`: the file's name without its ending."""

    data: bytes
    stem: str
    limits: CardLimits
    most_bytes: int


class ChatTaken(Struct, frozen=True, tag="chat"):
    read: ReadChat


class PresetTaken(Struct, frozen=True, tag="preset"):
    """`prompts`: how many texts of its own it has, as a preset of a chat completion does."""

    read: ReadPreset
    prompts: int


class SettingsTaken(Struct, frozen=True, tag="settings"):
    habits: Habits


class GroupTaken(Struct, frozen=True, tag="group"):
    found: GroupFound


class FileRefused(Struct, frozen=True, tag="refused"):
    """Why the file cannot be read."""

    why: Remark


Work = ReadChatFile | ReadPresetFile | ReadSettingsFile | ReadGroupFile
Answer = ChatTaken | PresetTaken | SettingsTaken | GroupTaken | FileRefused
