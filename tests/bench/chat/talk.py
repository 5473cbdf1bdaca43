"""A long conversation as a file: swipes, branches that were left, messages as people and models write."""

import random
from typing import Any

from tests.bench.words import vocabulary

WORDS = 2_000  # of the vocabulary; drawn by Zipf's law
SWIPED = 8  # each eighth reply has three versions
BRANCHED = 100  # so often a branch was left
BRANCH = 10  # messages of such a branch
MINUTE_MS = 60_000
RARE, RARE_AT = "zanzibar", 40
"""A word that stands in one message alone, near the beginning."""


class Talk:
    """`messages` is the length of the path that is shown; what stands beside it comes on top."""

    def __init__(self, messages: int, seed: int = 1) -> None:
        self.draw = random.Random(seed)
        self.words = vocabulary(self.draw, "en", WORDS)
        self.weights = [1 / rank for rank in range(1, WORDS + 1)]
        self.rows: list[dict[str, Any]] = []
        head = -1
        for number in range(messages):
            if number % BRANCHED == BRANCHED - 1:
                self.branch(head, number)
            if number % (2 * SWIPED) == 2 * SWIPED - 1:
                self.add(head, number)
                self.add(head, number)
            head = self.add(head, number)
        self.head = head

    def branch(self, parent: int, number: int) -> None:
        for further in range(BRANCH):
            parent = self.add(parent, number + further)

    def add(self, parent: int, number: int) -> int:
        role = "assistant" if number % 2 else "user"
        text = self.reply() if role == "assistant" else self.sentence(self.draw.randint(3, 30))
        if number == RARE_AT:
            text = f"{text} {RARE}"
        row = {"role": role, "text": text, "parent": parent, "created_ms": (number + 1) * MINUTE_MS}
        self.rows.append(row)
        return len(self.rows) - 1

    def sentence(self, words: int) -> str:
        drawn = self.draw.choices(self.words, self.weights, k=words)
        return " ".join(drawn).capitalize() + self.draw.choice(".…!?")

    def reply(self) -> str:
        """Paragraphs of prose with what is said and done in it; now and then a list, or code."""
        parts: list[str] = []
        for _ in range(self.draw.randint(1, 4)):
            said, done = self.sentence(self.draw.randint(5, 40)), self.sentence(self.draw.randint(3, 15))
            parts.append(f"*{done[:-1]}.* “{said}” **{self.sentence(3)[:-1]}** {self.sentence(20)}")
        chance = self.draw.random()
        if chance < 0.05:
            parts.append("\n".join(f"- {self.sentence(4)}" for _ in range(5)))
        elif chance < 0.08:
            parts.append(f"```\n{self.sentence(12)}\n{self.sentence(9)}\n```")
        return "\n\n".join(parts)

    def file(self, title: str, user: str, character: str) -> dict[str, Any]:
        """Samovar's JSON."""
        return {
            "format": "samovar-chat",
            "version": 1,
            "title": title,
            "user_name": user,
            "character_name": character,
            "created_ms": MINUTE_MS,
            "head": self.head,
            "messages": self.rows,
        }
