"""Tasks: what the model is asked for beside replies, in words, and what is made of its answers. Pure.

They are put in the language that the talk is held in, for models answer in the language they are asked in.
"""

import re
from collections.abc import Iterable

CYRILLIC = re.compile(r"[Ѐ-ӿ]")
LETTER = re.compile(r"[^\W\d_]")
TITLE_LIMIT = 60  # characters
SHORTEST_SUMMARY = 20

TITLE = (
    "[The story pauses here. Give this conversation a title: at most six words, in the language that it is "
    "held in, without quotation marks. Answer with the title alone.]"
)
TITLE_RU = (
    "[Здесь история останавливается. Придумай название этому разговору: не больше шести слов, по-русски, без "
    "кавычек. Ответь одним названием.]"
)
SUMMARY = (
    "[The story pauses here. Write a summary of everything so far, for somebody who will go on with it and "
    "has not read it: who is who, what happened in which order, what was said or promised that matters, "
    "where everybody is now. Take in what an earlier summary says. Write in the third person, in the "
    "language that the conversation is held in, in at most {words} words. Answer with the summary alone.]"
)
SUMMARY_RU = (
    "[Здесь история останавливается. Напиши краткое содержание всего, что было, для того, кто продолжит её, "
    "не читая: кто есть кто, что произошло и в каком порядке, что важного сказано и обещано, где все сейчас. "
    "Включи то, что сказано в прежнем кратком содержании. Пиши от третьего лица, по-русски, не больше "
    "{words} слов. Ответь только кратким содержанием.]"
)
WORDS_A_TOKEN = 0.6

LABEL = re.compile(r"^\W*(?:title|название|заголовок|summary|краткое содержание)\s*[:：]\s*", re.IGNORECASE)
AROUND = " \t#*_`\"'«»„“”‘’[]()."


def is_russian(texts: Iterable[str]) -> bool:
    """Whether most of the letters are Cyrillic."""
    text = " ".join(texts)
    return 2 * len(CYRILLIC.findall(text)) > len(LETTER.findall(text))


def title_task(texts: Iterable[str]) -> str:
    return TITLE_RU if is_russian(texts) else TITLE


def summary_task(texts: Iterable[str], tokens: int) -> str:
    words = max(50, int(tokens * WORDS_A_TOKEN) // 10 * 10)
    return (SUMMARY_RU if is_russian(texts) else SUMMARY).format(words=words)


def title_in(answer: str) -> str:
    """The title that the model gave; "" where it gave none."""
    lines = (LABEL.sub("", line).strip(AROUND) for line in answer.splitlines())
    title = " ".join(next((line for line in lines if LETTER.search(line)), "").split())
    if len(title) <= TITLE_LIMIT:
        return title
    return title[: TITLE_LIMIT - 1].rsplit(" ", 1)[0].rstrip(",;:–—- ") + "…"


def summary_in(answer: str, *, cut: bool) -> str:
    """The summary that the model gave, "" where it gave none; one that was cut ends with a sentence."""
    summary = LABEL.sub("", answer.strip()).strip("[] \n")
    if cut and (ends := [match.end() for match in re.finditer(r"[.!?…][»”\"']?(?=\s|$)", summary)]):
        summary = summary[: ends[-1]]
    return summary if len(summary) >= SHORTEST_SUMMARY else ""
