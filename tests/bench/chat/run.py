"""A long conversation in a real browser, on a whole node. See `samovar bench chat --help`."""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import psutil

from tests.bench.chat import probes
from tests.bench.chat.figures import SLOW_MS, ChatFigures, Frames, PageSize, table
from tests.bench.chat.talk import RARE, Talk
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
BOX = "css=form textarea"
TYPED = "the lantern by the door was lit, and nobody came"
KEY_PAUSE_MS = 40
MB = 1e6

Say = Callable[[str], None]


def frames(page: Page, probe: str) -> Frames:
    before = page.metrics()["TaskDuration"]
    times: Sequence[float] = page.evaluate(probe)
    work_s = page.metrics()["TaskDuration"] - before
    return Frames(
        frames=len(times),
        ms=percentiles(times),
        longest_ms=round(max(times), 1),
        dropped=sum(max(0, round(each / FRAME_MS) - 1) for each in times),
        slow=sum(each > SLOW_MS for each in times),
        work_ms=round(work_s * 1_000 / len(times), 2),
    )


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
    return page.evaluate(probes.fill(probes.OPEN, title=TITLE))


def scroll(page: Page, speed: float) -> Frames:
    return frames(page, probes.fill(probes.SCROLL, speed=speed, length=SCROLL_MS))


def typed(page: Page) -> Percentiles:
    page.evaluate(probes.LISTEN)
    page.call("pressSequentially", TYPED, {"delay": KEY_PAUSE_MS}, on=BOX)
    return percentiles(page.evaluate(probes.KEYS))


def find(page: Page) -> float:
    """Look for the rare word. Milliseconds from its last letter to the hits; the dialog is open then."""
    page.call("press", "Control+k", on="body")
    page.see("css=#found")
    page.call("pressSequentially", RARE[:-1], on="css=input[role=combobox]")
    began = time.perf_counter()
    page.press(RARE[-1])
    page.see("css=#found li.message")
    return (time.perf_counter() - began) * 1_000


def wait_for_index(page: Page) -> None:
    """Until all messages that were brought are in the index of the search."""
    page.call("press", "Control+k", on="body")
    page.fill("css=input[role=combobox]", RARE)
    page.see("css=#found li.message")
    page.wait_for("!document.querySelector('.told').innerText.includes('taken in')")


def measure(node: RunningNode, browser: Browser, folder: Path, messages: int, say: Say) -> ChatFigures:
    load = psutil.getloadavg()[0]
    talk = Talk(messages)
    page = browser.device().page(home.address(node))
    home.set_up(page)
    home.begin(page, CHARACTER)
    say(f"bringing in {len(talk.rows)} messages")
    bring(page, talk, folder)
    page.call("goto", home.address(node))
    wait_for_index(page)
    # The next start has nothing of it in memory.
    node.stop()
    node.start()
    url = home.address(node)
    page = home.log_in(browser.device(), url)
    before = web_mb(node)
    say("opening")
    first = opened(page, url)
    again = statistics.median(opened(page, url) for _ in range(OPENINGS))
    size = page_size(page)
    say("typing, searching")
    keys = typed(page)
    search = find(page)
    jump = page.evaluate(probes.JUMP)
    opened(page, url)
    rest = frames(page, probes.REST)
    say(f"scrolling up for {SCROLL_MS / 1_000:g} s")
    up = scroll(page, -SPEED)
    say("to the first message")
    to_start = page.evaluate(probes.TO_START)
    whole = page_size(page)
    say(f"scrolling down for {SCROLL_MS / 1_000:g} s")
    down = scroll(page, SPEED)
    say("a reply")
    page.fill(BOX, home.QUESTION)
    page.press("Enter")
    stream = frames(page, probes.STREAM)
    return ChatFigures(
        messages=messages,
        beside=len(talk.rows) - messages,
        open_first_ms=round(first, 1),
        open_again_ms=round(again, 1),
        key_ms=keys,
        search_ms=round(search),
        jump_ms=round(jump),
        rest=rest,
        scroll_up=up,
        to_start_ms=round(to_start),
        scroll_down=down,
        stream=stream,
        page_opened=size,
        page_whole=whole,
        web_mb_before=before,
        web_mb_after=web_mb(node),
        cores=psutil.cpu_count() or 1,
        load_before=round(load, 2),
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
