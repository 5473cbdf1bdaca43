"""The stem of an English word, by Snowball's Porter2 (https://snowballstem.org/algorithms/english/stemmer.html).

Written out after its description.
"""

import re

VOWELS = "aeiouy"
REGION = re.compile(f"[{VOWELS}][^{VOWELS}]")
VOWEL = re.compile(f"[{VOWELS}]")
# A y at the beginning or behind a vowel is a consonant: it stands as Y meanwhile.
CONSONANT_Y = re.compile(f"(?:^|(?<=[{VOWELS}]))y")
DOUBLE = ("bb", "dd", "ff", "gg", "mm", "nn", "pp", "rr", "tt")
SHORT_END = re.compile(f"(?:[^{VOWELS}][{VOWELS}][^{VOWELS}wxY]|^[{VOWELS}][^{VOWELS}])$")
BEFORE_LI = "cdeghkmnrt"

AS_THEY_ARE = {"sky", "news", "howe", "atlas", "cosmos", "bias", "andes"}
LEFT_AFTER_S = {"inning", "outing", "canning", "herring", "earring", "proceed", "exceed", "succeed"}
IRREGULAR = {
    "skis": "ski",
    "skies": "sky",
    "dying": "die",
    "lying": "lie",
    "tying": "tie",
    "idly": "idl",
    "gently": "gentl",
    "ugly": "ugli",
    "early": "earli",
    "only": "onli",
    "singly": "singl",
}
STEP_2 = {
    "ization": "ize",
    "ational": "ate",
    "fulness": "ful",
    "ousness": "ous",
    "iveness": "ive",
    "tional": "tion",
    "biliti": "ble",
    "lessli": "less",
    "entli": "ent",
    "ation": "ate",
    "alism": "al",
    "aliti": "al",
    "ousli": "ous",
    "iviti": "ive",
    "fulli": "ful",
    "enci": "ence",
    "anci": "ance",
    "abli": "able",
    "izer": "ize",
    "ator": "ate",
    "alli": "al",
    "bli": "ble",
    "ogi": "og",
    "li": "",
}
STEP_3 = {
    "ational": "ate",
    "tional": "tion",
    "alize": "al",
    "icate": "ic",
    "iciti": "ic",
    "ative": "",
    "ical": "ic",
    "ness": "",
    "ful": "",
}
STEP_4 = (
    "ement", "ance", "ence", "able", "ible", "ment", "ant", "ent", "ism", "ate", "iti", "ous", "ive", "ize",
    "ion", "al", "er", "ic",
)  # fmt: skip


def english_stem(word: str) -> str:
    if len(word) < 3:
        return word
    word = word.removeprefix("'")
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in AS_THEY_ARE:
        return word
    word = CONSONANT_Y.sub("Y", word)
    one, two = regions(word)
    word = without_s(without_possessive(word))
    if word not in LEFT_AFTER_S:
        word = without_past(word, one)
        word = without_y(word)
        word = replaced(word, one, two)
        word = without_last(word, one, two)
    return word.replace("Y", "y")


def regions(word: str) -> tuple[int, int]:
    """Where R1 and R2 begin."""
    for prefix in ("gener", "commun", "arsen"):
        if word.startswith(prefix):
            one = len(prefix)
            break
    else:
        first = REGION.search(word)
        one = first.end() if first else len(word)
    second = REGION.search(word, one)
    return one, second.end() if second else len(word)


def is_short(word: str, one: int) -> bool:
    return one >= len(word) and SHORT_END.search(word) is not None


def without_possessive(word: str) -> str:
    for ending in ("'s'", "'s", "'"):
        if word.endswith(ending):
            return word[: -len(ending)]
    return word


def without_s(word: str) -> str:
    if word.endswith("sses"):
        return word[:-2]
    if word.endswith(("ied", "ies")):
        return word[:-2] if len(word) > 4 else word[:-1]
    if word.endswith(("us", "ss")) or not word.endswith("s"):
        return word
    return word[:-1] if VOWEL.search(word, 0, max(0, len(word) - 2)) else word


def without_past(word: str, one: int) -> str:
    for ending in ("eedly", "ingly", "edly", "eed", "ing", "ed"):
        if word.endswith(ending):
            break
    else:
        return word
    rest = word[: -len(ending)]
    if ending.startswith("eed"):
        return rest + "ee" if len(rest) >= one else word
    if not VOWEL.search(rest):
        return word
    if rest.endswith(("at", "bl", "iz")):
        return rest + "e"
    if rest.endswith(DOUBLE):
        return rest[:-1]
    return rest + "e" if is_short(rest, one) else rest


def without_y(word: str) -> str:
    if len(word) > 2 and word[-1] in "yY" and word[-2] not in VOWELS:
        return word[:-1] + "i"
    return word


def replaced(word: str, one: int, two: int) -> str:
    word = step_2(word, one)
    for ending, instead in STEP_3.items():
        if word.endswith(ending):
            at = len(word) - len(ending)
            return word[:at] + instead if at >= (two if ending == "ative" else one) else word
    return word


def step_2(word: str, one: int) -> str:
    for ending, instead in STEP_2.items():
        if not word.endswith(ending):
            continue
        at = len(word) - len(ending)
        before = word[at - 1 : at]
        if at < one or (ending == "ogi" and before != "l"):
            return word
        if ending == "li" and (before == "" or before not in BEFORE_LI):
            return word
        return word[:at] + instead
    return word


def without_last(word: str, one: int, two: int) -> str:
    for ending in STEP_4:
        if word.endswith(ending):
            at = len(word) - len(ending)
            if at >= two and (ending != "ion" or word[at - 1 : at] in {"s", "t"}):
                word = word[:at]
            break
    at = len(word) - 1
    if word.endswith("e"):
        long_enough = at >= two or (at >= one and SHORT_END.search(word[:at]) is None)
        return word[:at] if long_enough else word
    return word[:at] if word.endswith("ll") and at >= two else word
