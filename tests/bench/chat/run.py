"""A long conversation in a real browser, on a whole node. See `samovar bench chat --help`."""

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import psutil
from msgspec import Struct

from tests.bench.chat import probes
from tests.bench.chat.talk import Talk
from tests.bench.percentiles import Percentiles, percentiles
from tests.browser import home
from tests.browser.browser import Browser, Page, find_chromium, running_browser
from tests.system.running_node import RunningNode, running_node

TITLE = "The long road"
CHARACTER = "Mr. Halm"
FRAME_MS = 1_000 / 60
SPEED = 6.0  # pixels a millisecond: some six screens a second
SCROLL_MS = 15_000
OPENINGS = 5
MB = 1e6

Say = Callable[[str], None]


class Frames(Struct, frozen=True):
    """Of one scroll. `dropped`: frames that were due and not drawn, of 60 a second. `work_ms`: processor time
    of the page's thread for each frame, which no other work on the machine changes."""

    frames: int
    ms: Percentiles
    longest_ms: float
    dropped: int
    work_ms: float


class PageSize(Struct, frozen=True):
    """After a collection of garbage."""

    heap_mb: float
    nodes: int


class ChatFigures(Struct, frozen=True):
    """What a long conversation costs where it is read, and on its server.

    open_first_ms   from the click to the last message drawn; nobody had opened it since it was brought in
    open_again_ms   the same, median of further openings
    rest            frames of the page while nothing is done: what the machine gives
    scroll_up       from the end, older messages are fetched meanwhile
    to_start_ms     from there to the first message, as fast as the page can
    scroll_down     from the first message, everything is in the page
    """

    messages: int
    beside: int
    open_first_ms: float
    open_again_ms: float
    rest: Frames
    scroll_up: Frames
    to_start_ms: float
    scroll_down: Frames
    page_opened: PageSize
    page_whole: PageSize
    web_mb_before: float
    web_mb_after: float
    cores: int
    load_before: float


def frames(page: Page, probe: str) -> Frames:
    before = page.metrics()["TaskDuration"]
    times: Sequence[float] = page.evaluate(probe)
    work_s = page.metrics()["TaskDuration"] - before
    dropped = sum(max(0, round(time / FRAME_MS) - 1) for time in times)
    work_ms = round(work_s * 1_000 / len(times), 2)
    return Frames(len(times), percentiles(times), round(max(times), 1), dropped, work_ms)


def page_size(page: Page) -> PageSize:
    found = page.metrics()
    return PageSize(round(found["JSHeapUsedSize"] / MB, 1), round(found["Nodes"]))


def web_mb(node: RunningNode) -> float:
    return round(psutil.Process(node.process_id("web")).memory_info().rss / MB, 1)


def bring(page: Page, talk: Talk, folder: Path) -> None:
    file = folder / "talk.json"
    file.write_text(json.dumps(talk.file(TITLE, home.OWNER, CHARACTER)), encoding="utf-8")
    page.call("setInputFiles", [str(file)], on="css=aside input[type=file]")
    page.see(f"role=dialog >> role=link[name='{TITLE}']")


def opened(page: Page, url: str) -> float:
    """From the gallery. Milliseconds."""
    page.call("goto", url)
    page.see(f"css=a.recent >> text={TITLE}")
    page.see("css=.card")
    return page.evaluate(probes.OPEN.replace("TITLE", json.dumps(TITLE)))


def scroll(page: Page, speed: float) -> Frames:
    return frames(page, probes.SCROLL.replace("SPEED", str(speed)).replace("LENGTH", str(SCROLL_MS)))


def measure(node: RunningNode, browser: Browser, folder: Path, messages: int, say: Say) -> ChatFigures:
    load = psutil.getloadavg()[0]
    talk = Talk(messages)
    url = home.address(node)
    page = browser.device().page(url)
    home.set_up(page)
    home.begin(page, CHARACTER)
    say(f"bringing in {len(talk.rows)} messages")
    bring(page, talk, folder)
    before = web_mb(node)
    say("opening")
    first = opened(page, url)
    again = statistics.median(opened(page, url) for _ in range(OPENINGS))
    size = page_size(page)
    rest = frames(page, probes.REST)
    say(f"scrolling up for {SCROLL_MS / 1_000:g} s")
    up = scroll(page, -SPEED)
    say("to the first message")
    to_start = page.evaluate(probes.TO_START)
    whole = page_size(page)
    say(f"scrolling down for {SCROLL_MS / 1_000:g} s")
    down = scroll(page, SPEED)
    return ChatFigures(
        messages=messages,
        beside=len(talk.rows) - messages,
        open_first_ms=round(first, 1),
        open_again_ms=round(again, 1),
        rest=rest,
        scroll_up=up,
        to_start_ms=round(to_start),
        scroll_down=down,
        page_opened=size,
        page_whole=whole,
        web_mb_before=before,
        web_mb_after=web_mb(node),
        cores=psutil.cpu_count() or 1,
        load_before=round(load, 2),
    )


def table(found: ChatFigures) -> str:
    def of(one: Frames) -> str:
        return (
            f"p50 {one.ms.p50:g} ms, p99 {one.ms.p99:g} ms, longest {one.longest_ms:g} ms, "
            f"{one.dropped} of {one.frames + one.dropped} dropped; {one.work_ms:g} ms of work each"
        )

    opened, whole = found.page_opened, found.page_whole
    return "\n".join(
        [
            f"{found.messages} messages, {found.beside} more beside them",
            f"click to readable      {found.open_first_ms:g} ms at first, then {found.open_again_ms:g} ms",
            f"frames at rest         {of(found.rest)}",
            f"frames, scrolling up   {of(found.scroll_up)}",
            f"to the first message   {found.to_start_ms / 1_000:g} s",
            f"frames, scrolling down {of(found.scroll_down)}",
            f"the page, opened       {opened.heap_mb:g} MB of heap, {opened.nodes} nodes",
            f"the page, all read     {whole.heap_mb:g} MB of heap, {whole.nodes} nodes",
            f"web process            {found.web_mb_before:g} MB before, {found.web_mb_after:g} MB after",
        ]
    )


def main(*, messages: int, as_json: bool) -> int:
    def say(what: str) -> None:
        sys.stderr.write(f"{what}\n")
        sys.stderr.flush()

    chromium = find_chromium()
    if chromium is None:
        say("samovar: no Chromium or Chrome was found: install one, or name it in CHROMIUM")
        return 1
    with tempfile.TemporaryDirectory(prefix="samovar-bench-") as place:
        folder = Path(place)
        home.short_replies(folder / "data")
        say("starting a node and a browser")
        with running_node(folder / "data") as node, running_browser(chromium) as browser:
            figures = measure(node, browser, folder, messages, say)
    sys.stdout.write((msgspec.json.encode(figures).decode() if as_json else table(figures)) + "\n")
    return 0
