"""Reading: which format a chat's file has, and the chat in it."""

from actors.conversation.formats import markdown, samovar_json, sillytavern
from actors.conversation.formats.chat import ChatLimits, ReadChat, UnreadableChatError

START = 4_096  # bytes in which the mark of a format stands


def read_chat(data: bytes, limits: ChatLimits) -> ReadChat:
    """The chat in a file of Samovar or of SillyTavern. Raises UnreadableChatError."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        data = data.decode("utf-16", "replace").encode("utf-8", "replace")
    start = data[:START].removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"# ") and markdown.MARK in start:
        return markdown.read(data, limits)
    if not start.startswith(b"{"):
        raise UnreadableChatError(
            "This is no chat: neither Samovar's JSON or Markdown nor SillyTavern's lines.", "no_chat"
        )
    if f'"{samovar_json.FORMAT}"'.encode() in start:
        return samovar_json.read(data, limits)
    return sillytavern.read(data, limits)
