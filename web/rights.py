"""Rights: who may call which endpoint and send which frame. What is not in the tables nobody may.

Roles: "nobody" (not logged in), "user", "admin" (a user who also keeps the queue), "owner" (made the first
visit), "local" (the terminal's).
"""

from msgspec import Struct

from actors.messages.chat import (
    Bookmark,
    Close,
    Continue,
    Edit,
    Impersonate,
    Older,
    Open,
    Purge,
    Regenerate,
    RemoveMessage,
    RestoreMessage,
    Select,
    SendText,
    Speak,
    Stop,
)

NOBODY = "nobody"
ROLES = frozenset({NOBODY, "user", "admin", "owner", "local"})

EVERYBODY = ROLES
LOGGED_IN = ROLES - {NOBODY}
OWNERS = frozenset({"owner", "local"})
ADMINS = OWNERS | {"admin"}

# Endpoint (name of the function that serves it) → roles.
ENDPOINTS: dict[str, frozenset[str]] = {
    "page": EVERYBODY,
    "me": EVERYBODY,
    "setup": EVERYBODY,  # served once in the life of a node
    "login": EVERYBODY,
    "logout": EVERYBODY,
    "control": EVERYBODY,  # from this machine alone, with the control token
    "characters": LOGGED_IN,
    "import_characters": LOGGED_IN,
    "character_details": LOGGED_IN,  # of those that one sees, as the next
    "export_character": LOGGED_IN,
    "change_character": LOGGED_IN,  # of one's own, but for the mark of a favourite
    "character_versions": LOGGED_IN,  # of one's own, as the next
    "choose_version": LOGGED_IN,
    "move_conversation": LOGGED_IN,  # one's own
    "message_trace": LOGGED_IN,  # of one's own conversation, as the next
    "next_prompt": LOGGED_IN,
    "preview_prompt": LOGGED_IN,  # of a card that one sees, or writes
    "count_tokens": LOGGED_IN,
    "personas": LOGGED_IN,  # one's own, as all of these
    "new_persona": LOGGED_IN,
    "change_persona": LOGGED_IN,
    "set_picture": LOGGED_IN,
    "drop_picture": LOGGED_IN,
    "presets": LOGGED_IN,
    "new_preset": LOGGED_IN,
    "import_preset": LOGGED_IN,
    "change_preset": LOGGED_IN,
    "conversation_choices": LOGGED_IN,
    "choose_for_conversation": LOGGED_IN,
    "character_choices": LOGGED_IN,
    "choose_for_character": LOGGED_IN,
    "choose_everywhere": LOGGED_IN,
    "editable_card": LOGGED_IN,  # of those that one sees
    "new_character": LOGGED_IN,
    "save_character": LOGGED_IN,  # of one's own
    "bring_picture": LOGGED_IN,
    "asset": LOGGED_IN,
    "lorebooks": LOGGED_IN,  # one's own, as all that follow
    "new_lorebook": LOGGED_IN,
    "import_lorebooks": LOGGED_IN,
    "open_lorebook": LOGGED_IN,
    "save_lorebook": LOGGED_IN,
    "change_lorebook": LOGGED_IN,
    "attach_lorebook": LOGGED_IN,  # to what is one's own, or one sees
    "export_lorebook": LOGGED_IN,
    "try_lore": LOGGED_IN,  # in conversations of one's own, with characters that one sees
    "conversations": LOGGED_IN,
    "new_conversation": LOGGED_IN,
    "conversation_map": LOGGED_IN,
    "rename_conversation": LOGGED_IN,
    "delete_conversation": LOGGED_IN,
    "change_group": LOGGED_IN,
    "file_conversation": LOGGED_IN,
    "restore_conversation": LOGGED_IN,
    "export_conversation": LOGGED_IN,
    "export_conversations": LOGGED_IN,  # one's own, all
    "import_conversation": LOGGED_IN,
    "begin_move": LOGGED_IN,  # into one's own account; the terminal into any, as the next three
    "move_file": LOGGED_IN,
    "move_unread": LOGGED_IN,
    "end_move": LOGGED_IN,
    "folders": LOGGED_IN,  # one's own, as the next
    "new_folder": LOGGED_IN,
    "change_folder": LOGGED_IN,
    "drop_folder": LOGGED_IN,
    "search": LOGGED_IN,  # in what is one's own
    "choose_summaries": LOGGED_IN,  # of one's own conversations, as the next four
    "summarise": LOGGED_IN,
    "save_summary": LOGGED_IN,
    "rewrite_summary": LOGGED_IN,
    "remove_summary": LOGGED_IN,
    "list_boxes": OWNERS,
    "offer_box": OWNERS,
    "withdraw_offer": OWNERS,
    "rename_box": OWNERS,
    "revoke_box": OWNERS,
    "rotate_keys": OWNERS,
    "show_queue": ADMINS,
    "move_reply": ADMINS,
    "dismiss_reply": ADMINS,
    "drain_box": ADMINS,
    "set_share": OWNERS,
    "list_accounts": OWNERS,
    "add_account": OWNERS,
    "set_role": OWNERS,
}

# Frame → roles; every one of them only for conversations of one's own.
FRAMES: dict[type[Struct], frozenset[str]] = {
    Open: LOGGED_IN,
    Close: LOGGED_IN,
    SendText: LOGGED_IN,
    Regenerate: LOGGED_IN,
    Edit: LOGGED_IN,
    Continue: LOGGED_IN,
    Speak: LOGGED_IN,
    Select: LOGGED_IN,
    Stop: LOGGED_IN,
    Older: LOGGED_IN,
    Impersonate: LOGGED_IN,
    RemoveMessage: LOGGED_IN,
    RestoreMessage: LOGGED_IN,
    Bookmark: LOGGED_IN,
    Purge: LOGGED_IN,
}


def may_call(role: str, endpoint: str) -> bool:
    return role in ENDPOINTS.get(endpoint, frozenset())


def may_connect(role: str) -> bool:
    """To the WebSocket."""
    return role in LOGGED_IN


def may_send(role: str, frame: type[Struct]) -> bool:
    return role in FRAMES.get(frame, frozenset())
