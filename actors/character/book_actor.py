"""LorebookVersion: one immutable version of a user's lorebook, for the links that ask for it.

Receives  Loaded (archive), BookWanted (link)
Sends     BookSheet, BookMissing (whoever asked)
Restart   loads its text again
"""

from typing import Any

from actors.effects import Effect, Passivate, Send, StartTimer, TimerFired
from actors.messages.archive import Loaded
from actors.messages.lore import BookMissing, BookSheet, BookWanted
from actors.settings import SessionSettings


class LorebookVersion:
    def __init__(self, settings: SessionSettings) -> None:
        self.settings = settings
        self.sheet: BookSheet | None = None

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Loaded(BookSheet() as sheet):
                self.sheet = sheet
                return [StartTimer("idle", self.settings.idle_s)]
            case Loaded():
                return [StartTimer("idle", self.settings.idle_s)]
            case BookWanted(book) if self.sheet is None:
                return [Send(sender, BookMissing(book)), Passivate()]  # ids that are none cost no memory
            case BookWanted():
                return [Send(sender, self.sheet), StartTimer("idle", self.settings.idle_s)]
            case TimerFired():
                return [Passivate()]
            case _:
                raise TypeError(f"lorebook got {type(message).__name__}")
