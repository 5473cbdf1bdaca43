"""A conversation that is longer than what a page has of it at first."""

import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.bench.chat.talk import RARE, RARE_AT, Talk
from tests.browser import home
from tests.browser.browser import Page

TITLE = "The road back"
CHARACTER = "Mr. Halm"
MESSAGES = 200  # the page has 60 of them when it opens

READ_BACK = """new Promise((done) => {
  const box = document.querySelector(".scroller");
  const met = [];
  const step = () => {
    const { top } = box.getBoundingClientRect();
    const items = [...document.querySelectorAll(".scroller li.message")];
    const first = items.find((item) => item.getBoundingClientRect().bottom > top);
    met.push(Number(first?.getAttribute("aria-posinset") ?? 0));
    if (box.scrollTop > 0 || document.querySelector(".older")) {
      box.scrollTop -= 160;
      requestAnimationFrame(step);
    } else done(met);
  };
  step();
})"""
"""The numbers of the messages at the top of the view, from the end back to the beginning, at each frame."""


def bring(page: Page, folder: Path) -> None:
    file = folder / "talk.json"
    file.write_text(json.dumps(Talk(MESSAGES).file(TITLE, home.OWNER, CHARACTER)), encoding="utf-8")
    home.begin(page, CHARACTER)  # the list, with its tools, is beside a conversation
    page.call("setInputFiles", [str(file)], on="css=aside input[type=file]")
    page.click(f"role=dialog >> role=link[name='{TITLE}']")
    page.see(home.LAST)


def test_who_reads_back_meets_every_message_and_is_never_moved(page: Page, tmp_path: Path) -> None:
    bring(page, tmp_path)
    met: Sequence[int] = page.evaluate(READ_BACK)
    assert met[0] >= MESSAGES - 3
    assert met[-1] == 1
    # At each frame the same message is at the top, or one just before it, also where older ones came in.
    assert max(abs(before - after) for before, after in pairwise(met)) <= 3, met


def test_a_hit_of_the_search_that_is_not_on_the_page_yet_is_brought_into_view(
    page: Page, tmp_path: Path
) -> None:
    bring(page, tmp_path)
    page.call("press", "Control+k", on="body")
    page.fill("role=combobox", RARE)
    page.click("css=#found li.message >> nth=0")
    page.wait_for(
        "((found, box) => found && found.getBoundingClientRect().top >= box.getBoundingClientRect().top"
        " && found.getBoundingClientRect().top < box.getBoundingClientRect().bottom)"
        "(document.querySelector('.scroller li.message.found'), document.querySelector('.scroller'))"
    )
    found = "css=.scroller li.message.found"
    assert RARE in page.text(found)
    assert page.call("getAttribute", "aria-posinset", on=found) == str(RARE_AT + 1)
    assert page.complaints() == []
