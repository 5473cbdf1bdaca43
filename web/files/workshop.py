"""The reader of files: `python -m web.files.workshop`, a process of its own, limited as that of cards is
(web/library/workshop.py), in which many files of one user are read one after the other.
"""

import json

from msgspec.structs import replace

from actors.character.formats.troubles import CardTrouble
from actors.conversation.formats.chat import UnreadableChatError
from actors.conversation.formats.reading import read_chat
from actors.messages.remarks import remark
from actors.sampler_preset import NotAPresetError, read_preset
from web.files.work import (
    Answer,
    ChatTaken,
    FileRefused,
    GroupTaken,
    PresetTaken,
    ReadChatFile,
    ReadGroupFile,
    ReadPresetFile,
    ReadSettingsFile,
    SettingsTaken,
    Work,
)
from web.library.limited import serve_many
from web.moving.group_file import group_found
from web.moving.loose_json import dict_in, fields_of, list_in, text_in
from web.moving.settings_file import about_of, habits_of, objects


def done(work: Work) -> Answer:
    try:
        match work:
            case ReadChatFile():
                read = read_chat(work.data, work.limits)
                return ChatTaken(replace(read, about=about_of(dict(read.about))))
            case ReadPresetFile():
                return PresetTaken(read_preset(work.data), prompts_in(work.data))
            case ReadSettingsFile():
                return SettingsTaken(habits_of(fields_of(work.data, work.limits, work.most_bytes)))
            case ReadGroupFile():
                return GroupTaken(group_found(fields_of(work.data, work.limits, work.most_bytes), work.stem))
    except UnreadableChatError as error:
        return FileRefused(error.remark)
    except NotAPresetError as error:
        return FileRefused(remark("preset", str(error)))
    except CardTrouble as trouble:
        return FileRefused(remark(trouble.code, str(trouble), *trouble.facts))
    except (MemoryError, RecursionError):
        return FileRefused(remark("file_memory", "The file needs more memory or time than one may."))


def prompts_in(data: bytes) -> int:
    fields = dict_in({"": json.loads(data)}, "")
    return sum(bool(text_in(each, "content").strip()) for each in objects(list_in(fields, "prompts")))


if __name__ == "__main__":
    serve_many(Work, done)
