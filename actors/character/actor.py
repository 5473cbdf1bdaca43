"""Character: one immutable character version, for those who need its sheet.

Receives  Loaded (archive), SheetWanted (session, link)
Sends     CharacterSheet, SheetMissing (whoever asked)
Restart   loads its sheet again
"""

from typing import Any

from actors.effects import Effect, Passivate, Send, StartTimer, TimerFired
from actors.messages.archive import Loaded
from actors.messages.generation import CharacterSheet, SheetMissing, SheetWanted
from actors.settings import SessionSettings


class Character:
    def __init__(self, settings: SessionSettings) -> None:
        self.settings = settings
        self.sheet: CharacterSheet | None = None

    def receive(self, message: Any, sender: str) -> list[Effect]:
        match message:
            case Loaded(CharacterSheet() as sheet):
                self.sheet = sheet
                return [StartTimer("idle", self.settings.idle_s)]
            case Loaded():
                return [StartTimer("idle", self.settings.idle_s)]
            case SheetWanted(version) if self.sheet is None:
                return [Send(sender, SheetMissing(version)), Passivate()]  # ids that are none cost no memory
            case SheetWanted():
                return [Send(sender, self.sheet), StartTimer("idle", self.settings.idle_s)]
            case TimerFired():
                return [Passivate()]
            case _:
                raise TypeError(f"character got {type(message).__name__}")
