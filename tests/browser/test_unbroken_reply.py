"""The main promise, in the page: a process is killed within a reply, and the reply finishes, whole."""

import os
import signal

import pytest

from tests.browser import home
from tests.browser.browser import Device, Page
from tests.system.running_node import RunningNode

pytestmark = pytest.mark.timeout(400)

BEFORE_THE_KILL = 40
"""Letters of the reply that are on the page when the process is killed."""


@pytest.mark.parametrize("name", ["engine", "link", "web", "health"])
def test_a_reply_finishes_in_the_page_though_a_process_is_killed(
    node: RunningNode, page: Page, device: Device, name: str
) -> None:
    before = node.wait_for(lambda status: status["ready"])
    doomed = next(row for row in before["processes"] if row["name"] == name)
    home.begin(page, "Maren Skye")
    page.evaluate("window.loadedOnce = true")
    home.say(page, home.QUESTION)
    home.reply_begins(page, BEFORE_THE_KILL)
    os.kill(doomed["pid"], signal.SIGKILL)
    seen = home.letters(home.last_text(page))
    assert page.count("css=.markdown.live") == 1, "the reply ended before the kill"

    home.reply_ends(page)
    reply = home.last_text(page)
    assert page.evaluate("window.loadedOnce === true"), "the page was loaded again"
    assert home.letters(reply).startswith(seen)
    assert len(home.letters(reply)) > len(seen), "nothing came after the kill"
    assert page.count(f"{home.LAST} >> role=note") == 0, "it went on exactly, and says that it may not have"

    # What the server keeps is the truth: the page shows exactly that, nothing lost and nothing twice.
    after = node.wait_for(lambda status: status["ready"])
    row = next(row for row in after["processes"] if row["name"] == name)
    assert row["restarts"] > doomed["restarts"]
    fresh = device.page(page.evaluate("location.href"))
    fresh.see(home.LAST)
    assert home.last_text(fresh) == reply
    assert page.count("css=li.message") == fresh.count("css=li.message") == 3
