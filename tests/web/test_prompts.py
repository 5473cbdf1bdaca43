"""Prompts over REST: how a message came about, what the next prompt would be, and what texts cost."""

import json
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from actors.messages.chat import Open, ReplyFinished, SendText
from actors.messages.generation import PromptReport, PromptTrace
from actors.messages.preview import PreviewPrompt
from tests.actors.character.fixtures import v3
from tests.web.site import Answer, Site, run_at
from tests.web.test_lorebooks import WORLD, attach, bring
from web.settings import WebSettings

COUNTS, PREVIEW = "/api/prompts/counts", "/api/prompts/preview"
LORE = PromptTrace(
    "lore of the card", 9, True, "“tea” in message 1", "Tea", "tea", 1, "lore", 1, "Чай", "tea?", "key"
)
REPORT = PromptReport((LORE,), 90, 2048, 1536, reused=60, model="script", engine="scripted")


async def talk(site: Site, cookie: str, *, reply: bool = False) -> tuple[UUID, UUID | None]:
    """A conversation; with `reply`, what was replied in it."""
    conversation = await site.conversation(cookie, await site.character(f"Vesna {uuid4().hex}"))
    if not reply:
        return conversation, None
    async with site.page(cookie) as page:
        await page.say(Open(conversation))
        await page.say(SendText(conversation, uuid4(), "Tea?"))
        finished = await page.until(ReplyFinished)
        assert finished.message is not None
        return conversation, finished.message.id


def trace_path(conversation: UUID, message: UUID | None) -> str:
    return f"/api/conversations/{conversation}/messages/{message}/trace"


async def away(site: Site) -> None:
    """No GPU box is there, and the previews know it."""
    site.worker.boot = site.world.new_id()
    site.worker.greet(engine="")


# -- traces -----------------------------------------------------------------------------------------


def test_a_reply_says_how_it_came_about(ui: Path) -> None:
    async def test(site: Site) -> None:
        site.worker.report = REPORT
        anna = await site.person("Anna")
        answer = await site.call("GET", trace_path(*await talk(site, anna, reply=True)), cookie=anna)
        assert answer.status == 200
        trace = answer.json
        assert trace["parts"] == [
            {
                "kind": "lore",
                "source": "lore of the card",
                "tokens": 9,
                "kept": True,
                "why": "“tea” in message 1",
                "entry": "Tea",
                "key": "tea",
                "said": "tea?",
                "excerpt": "Чай",
                "count": 1,
                "reason": "key",
                "role": "",
            }
        ]
        facts = (trace["prompt_tokens"], trace["reused"], trace["context"], trace["model"], trace["tokens"])
        assert facts == (90, 60, 2048, "script", 3)
        assert {"name": "temperature", "value": "0.8"} in trace["sampling"]

    run_at(ui, test)


def test_a_message_without_a_trace_says_so_and_those_of_others_are_not_there(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        conversation, message = await talk(site, anna, reply=True)
        none = await site.call("GET", trace_path(conversation, message), cookie=anna)
        assert (none.status, none.json["code"]) == (404, "no_trace")
        foreign = await site.call("GET", trace_path(conversation, message), cookie=boris)
        assert (foreign.status, foreign.json["code"]) == (404, "not_found")

    run_at(ui, test)


# -- the next prompt --------------------------------------------------------------------------------


async def next_prompt(site: Site, cookie: str, conversation: UUID, text: str) -> Answer:
    return await site.call("POST", f"/api/conversations/{conversation}/prompt", {"text": text}, cookie)


def test_the_next_prompt_is_shown_as_if_the_text_were_sent_and_nothing_changes(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        conversation, _ = await talk(site, anna)
        answer = await next_prompt(site, anna, conversation, "Is there tea?")
        assert answer.status == 200
        said = [message["text"] for message in answer.json["messages"]]
        assert said == ["Sit down, Anna.", "Is there tea?"]
        assert (answer.json["exact"], answer.json["tokens"], answer.json["budget"]) == (True, 6, 1536)
        as_it_is = await next_prompt(site, anna, conversation, "")
        assert [message["text"] for message in as_it_is.json["messages"]] == ["Sit down, Anna."]
        assert site.worker.requests == []  # no reply was made
        stored = site.disk.messages.values()
        assert not any(message.body == "Is there tea?" for message in stored)

    run_at(ui, test)


def test_a_text_that_could_not_be_sent_has_no_next_prompt(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna, boris = await site.person("Anna"), await site.person("Boris")
        conversation, _ = await talk(site, anna)
        long = await next_prompt(site, anna, conversation, "a" * 32_001)
        assert (long.status, long.json["code"]) == (400, "too_long")
        assert (await next_prompt(site, boris, conversation, "Hm")).status == 404

    run_at(ui, test)


# -- cards ------------------------------------------------------------------------------------------


def test_a_card_that_is_being_written_has_a_prompt(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        wish = {"card": json.dumps(v3()), "history": [{"role": "user", "text": "Good evening"}]}
        answer = await site.call("POST", PREVIEW, wish, anna)
        assert answer.status == 200, answer.body
        assert answer.json["exact"]
        assert answer.json["messages"][-1] == {"role": "user", "text": "Good evening"}
        (asked,) = site.worker.previews
        assert isinstance(asked, PreviewPrompt)
        assert (asked.sheet.name, asked.request.turn.user_name) == ("Агафья", "Anna")

    run_at(ui, test, data=tmp_path)


def test_without_a_talk_the_prompt_begins_with_a_greeting(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        version = await site.character()
        wish: dict[str, Any] = {"character_version": str(version), "user_name": "Nadia"}
        answer = await site.call("POST", PREVIEW, wish, anna)
        assert answer.json["messages"][-1] == {"role": "assistant", "text": "Sit down, Nadia."}

    run_at(ui, test)


def test_it_has_what_its_author_would_bring_into_a_conversation(ui: Path, tmp_path: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        version = await site.character()
        book = (await bring(site, anna, WORLD))["book"]
        attached = await attach(site, anna, book, "user")
        body = {"name": "Mira", "description": "A smuggler."}
        mira = (await site.call("POST", "/api/personas", body, anna)).json["id"]
        assert (await site.call("PATCH", f"/api/personas/{mira}", {"standard": True}, anna)).status == 204
        chosen = {
            "persona": mira,
            "note": {"text": "Rain.", "depth": 2},
            "system_prompt": "Play.",
            "replies": {"max_tokens": 77, "format": "gemma"},
        }
        assert (await site.call("PUT", "/api/choices", chosen, anna)).status == 204
        wish = {"card": json.dumps(v3()), "character_version": str(version)}
        answer = await site.call("POST", PREVIEW, wish, anna)
        assert answer.status == 200, answer.body
        (asked,) = site.worker.previews
        assert isinstance(asked, PreviewPrompt)
        turn, around = asked.request.turn, asked.request.turn.circumstances
        assert (asked.sheet.name, turn.user_name, turn.persona) == ("Агафья", "Mira", "A smuggler.")
        assert (around.note.text, around.system_prompt, around.format) == ("Rain.", "Play.", "gemma")
        assert asked.request.sampling.max_tokens == 77
        assert [str(each.book) for each in asked.books] == [attached.json["version"]]

    run_at(ui, test, data=tmp_path)


def test_what_is_too_large_to_be_built_for_a_look_is_estimated(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        book = (await bring(site, anna, {"entries": {"1": {"key": ["tea"], "content": "Hot. " * 200}}}))[
            "book"
        ]
        await attach(site, anna, book, "user")
        answer = await site.call("POST", PREVIEW, {"character_version": str(await site.character())}, anna)
        assert answer.status == 200, answer.body
        assert (answer.json["exact"], answer.json["why"]) == (False, "large")
        assert site.worker.previews == []

    run_at(ui, test, WebSettings(port=0, preview_bytes=500))


def test_what_is_no_card_is_refused_with_a_reason(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        refused = await site.call("POST", PREVIEW, {"card": '{"name": 1'}, anna)
        assert (refused.status, refused.json["code"]) == (422, "card")
        nobody = await site.call("POST", PREVIEW, {"character_version": str(uuid4())}, anna)
        assert nobody.status == 404

    run_at(ui, test)


# -- counts -----------------------------------------------------------------------------------------


def test_texts_are_counted_by_the_box(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        answer = await site.call("POST", COUNTS, {"texts": ["one two", "", "three"]}, anna)
        assert answer.json == {
            "counts": [2, 0, 1],
            "exact": True,
            "why": "",
            "model": "script",
            "context": 2048,
        }
        long = await site.call("POST", COUNTS, {"texts": ["a b " * 50_000]}, anna)
        assert long.json["counts"] == [100_000]

    run_at(ui, test)


def test_without_a_box_there_is_an_estimate_that_says_so(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        conversation, _ = await talk(site, anna)
        await away(site)
        answer = await site.call("POST", COUNTS, {"texts": ["four letters here", ""]}, anna)
        assert (answer.json["exact"], answer.json["why"]) == (False, "no_box")
        assert answer.json["counts"] == [5, 0]
        shown = await next_prompt(site, anna, conversation, "Is there tea?")
        assert (shown.json["exact"], shown.json["why"]) == (False, "no_box")
        kinds = [part["kind"] for part in shown.json["parts"]]
        assert kinds[-2:] == ["message", "message"]
        assert shown.json["tokens"] == sum(part["tokens"] for part in shown.json["parts"])

    run_at(ui, test)


def test_a_box_that_does_not_answer_is_not_waited_for(ui: Path) -> None:
    async def test(site: Site) -> None:
        site.worker.previews_well = False
        anna = await site.person("Anna")
        answer = await site.call("POST", COUNTS, {"texts": ["tea"]}, anna)
        assert (answer.json["exact"], answer.json["why"]) == (False, "late")

    run_at(ui, test, WebSettings(port=0, preview_s=0.1))


def test_too_many_texts_and_too_many_requests_are_refused(ui: Path) -> None:
    async def test(site: Site) -> None:
        anna = await site.person("Anna")
        many = await site.call("POST", COUNTS, {"texts": ["a"] * 3}, anna)
        assert (many.status, many.json["limit"]) == (400, 2)
        answers = [await site.call("POST", COUNTS, {"texts": []}, anna) for _ in range(3)]
        assert [answer.status for answer in answers] == [200, 200, 429]

    run_at(ui, test, WebSettings(port=0, counted_texts=2, previews_per_minute=3))
