"""The stem of a Russian word, by Snowball's algorithm (https://snowballstem.org/algorithms/russian/stemmer.html).

Written out after its description. ё is е already.
"""

import re

VOWELS = "аеиоуыэюя"
UP_TO_VOWEL = re.compile(f"[^{VOWELS}]*[{VOWELS}]")
UP_TO_CONSONANT = re.compile(f"[{VOWELS}]*[^{VOWELS}]")


class Ending:
    """Endings that a step takes off: the longest one that fits. The tied ones only behind а or я."""

    def __init__(self, free: str, tied: str = "") -> None:
        both = [(ending, False) for ending in free.split()] + [(ending, True) for ending in tied.split()]
        self.endings = sorted(both, key=lambda one: -len(one[0]))

    def off(self, word: str, start: int) -> str | None:
        """The word without its ending, which lies behind `start`; None where it has none."""
        for ending, tied in self.endings:
            if word.endswith(ending) and len(word) - len(ending) >= start:
                rest = word[: -len(ending)]
                return rest if not tied or rest.endswith(("а", "я"), start) else None
        return None


GERUND = Ending("ив ивши ившись ыв ывши ывшись", "в вши вшись")
REFLEXIVE = Ending("ся сь")
ADJECTIVE = Ending(
    "ее ие ые ое ими ыми ей ий ый ой ем им ым ом его ого ему ому их ых ую юю ая яя ою ею"
)  # fmt: skip
PARTICIPLE = Ending("ивш ывш ующ", "ем нн вш ющ щ")
VERB = Ending(
    "ила ыла ена ейте уйте ите или ыли ей уй ил ыл им ым ен ило ыло ено ят ует уют ит ыт ены ить ыть ишь ую "
    "ю",
    "ла на ете йте ли й л ем н ло но ет ют ны ть ешь нно",
)
NOUN = Ending(
    "а ев ов ие ье е иями ями ами еи ии и ией ей ой ий й иям ям ием ем ам ом о у ах иях ях ы ь ию ью ю ия ья "
    "я"
)
NOUN_OF_QUALITY = Ending("ост ость")
SUPERLATIVE = Ending("ейш ейше")
SOFT_SIGN = Ending("ь")


def russian_stem(word: str) -> str:
    start, second = regions(word)
    word = without_inflection(word, start)
    if word.endswith("и", start):
        word = word[:-1]
    quality = NOUN_OF_QUALITY.off(word, start)
    if quality is not None and len(quality) >= second:
        word = quality
    return tidied(word, start)


def regions(word: str) -> tuple[int, int]:
    """Where endings may begin: behind the first vowel; and where those of qualities may."""
    first = UP_TO_VOWEL.match(word)
    if first is None:
        return len(word), len(word)
    at = first.end()
    for pattern in (UP_TO_CONSONANT, UP_TO_VOWEL, UP_TO_CONSONANT):
        found = pattern.match(word, at)
        if found is None:
            return first.end(), len(word)
        at = found.end()
    return first.end(), at


def without_inflection(word: str, start: int) -> str:
    gerund = GERUND.off(word, start)
    if gerund is not None:
        return gerund
    reflexive = REFLEXIVE.off(word, start)
    word = word if reflexive is None else reflexive
    adjective = ADJECTIVE.off(word, start)
    if adjective is not None:
        participle = PARTICIPLE.off(adjective, start)
        return adjective if participle is None else participle
    verb = VERB.off(word, start)
    if verb is not None:
        return verb
    noun = NOUN.off(word, start)
    return word if noun is None else noun


def tidied(word: str, start: int) -> str:
    superlative = SUPERLATIVE.off(word, start)
    word = word if superlative is None else superlative
    if word.endswith("нн", start):
        return word[:-1]
    soft = SOFT_SIGN.off(word, start) if superlative is None else None
    return word if soft is None else soft
