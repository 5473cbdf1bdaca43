"""Settings of the library: section [library] of samovar.toml."""

from msgspec import Struct


class LibrarySettings(Struct, frozen=True, forbid_unknown_fields=True):
    """How much people may bring, and what opening a card may take."""

    # -- one request
    upload_bytes: int = 67_108_864  # its body, all files together
    upload_s: float = 120.0  # most time the body may take to arrive
    upload_files: int = 100  # files in one body
    chat_messages: int = 100_000  # of a conversation's file, versions beside each other counted
    chat_chars: int = 400_000  # of one message of it
    # -- one user
    characters: int = 5_000  # those removed count, while conversations may hold them
    file_bytes: int = 2_147_483_648  # files of cards, all together
    imports_per_minute: int = 240  # files
    lorebooks: int = 1_000  # those removed count until they are gone for good
    book_bytes: int = 4_000_000  # text of one lorebook
    trials_per_minute: int = 240  # of what lore would fire
    undo_days: float = 30.0  # a removed lorebook can come back for so long
    replaced_s: float = 7_200.0  # a changed lorebook's text before is kept for the replies under way
    personas: int = 500
    presets: int = 500
    portrait_bytes: int = 16_777_216  # a persona's picture, as it is brought
    # -- moving in: a whole folder of another program
    moves: int = 8  # folders that come in at once, one of a user
    move_files: int = 200_000  # files in the list of a folder
    move_list_bytes: int = 33_554_432  # the list itself, as it is sent
    move_file_bytes: int = 67_108_864  # one file
    move_piece_bytes: int = 4_194_304  # a file is sent in pieces of this size
    move_json_bytes: int = 16_777_216  # a file of settings, of a group or of a preset
    move_idle_s: float = 900.0  # a move that sends nothing for so long is over
    # -- what was removed, and what was brought and never saved
    keep_removed_days: float = 30.0  # a removed character that no conversation uses; 0: for ever
    keep_drafts_days: float = 14.0  # pictures that were brought for a card which was not saved
    purge_every_s: float = 3_600.0  # how often is looked for what goes
    # -- writing cards
    edit_bytes: int = 16_777_216  # the body of a save: all texts and the lorebook
    picture_side: int = 2_048  # pixels of a picture that is brought for a card: it is drawn anew
    # -- the workshop, in which a card is opened
    memory_bytes: int = 1_073_741_824  # of its process
    cpu_s: int = 20
    deadline_s: float = 30.0  # then it is ended
    at_once: int = 2  # workshops at work
    waiting: int = 64  # files that wait for one; further ones are refused for the moment
    reader_idle_s: float = 20.0  # then a process that reads chats, presets and settings ends
    picture_pixels: int = 50_000_000  # width times height
    sheet_bytes: int = 4_000_000  # a card's text, as it travels to a GPU box
