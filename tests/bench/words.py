"""Words that no language has, in the shape of Russian and English ones, with their endings."""

import random

LETTERS = {"ru": ("аеиоуыя", "бвгдзклмнпрстш", ("", "ы", "ом", "ами", "ать", "ила")),
           "en": ("aeiou", "bcdfglmnprst", ("", "s", "ing", "ed", "er", "ly"))}  # fmt: skip


def vocabulary(draw: random.Random, language: str, words: int) -> list[str]:
    vowels, consonants, endings = LETTERS[language]
    return [
        "".join(draw.choice(consonants) + draw.choice(vowels) for _ in range(draw.randint(1, 4)))
        + draw.choice(endings)
        for _ in range(words)
    ]
