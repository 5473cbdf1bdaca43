"""Thoughts on the page, of a model of random weights that thinks before each reply."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Page
from tests.browser.home import LAST
from tests.gpu_actor.thinking_model import write_thinking
from tests.system.running_node import running_node

pytestmark = pytest.mark.timeout(400)

FOLD = f"{LAST} >> css=.thoughts button"
SETTINGS = """
[engine]
model = "{model}"
slots = 1
[session]
sampling = {{ temperature = 0.0, max_tokens = 40, max_thought_tokens = 60, min_tokens = 100 }}
"""


@pytest.fixture(scope="module")
def thinking_url(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder: Path = tmp_path_factory.mktemp("thinker")
    data = folder / "data"
    data.mkdir()
    model = write_thinking(folder / "thinker.gguf")
    (data / "samovar.toml").write_text(SETTINGS.format(model=model.as_posix()))
    with running_node(data) as node:
        url = home.address(node)
        device = browser.device()
        home.set_up(device.page(url))
        device.close()
        yield url


def is_open(page: Page) -> bool:
    return page.call("getAttribute", "aria-expanded", on=FOLD) == "true"


def test_thoughts_fold_above_the_reply_and_are_there_after_a_reload(
    browser: Browser, thinking_url: str
) -> None:
    device = browser.device()
    page = home.log_in(device, thinking_url)
    home.begin(page, "Soot")
    home.say(page, "Hello.")
    page.see(FOLD)
    home.reply_ends(page)
    assert not is_open(page)
    reply = f"{LAST} >> css=.body > .markdown"
    text = page.text(reply)
    page.click(FOLD)
    thought = page.text(f"{LAST} >> css=.thoughts .markdown")
    assert is_open(page)
    assert home.letters(thought)
    assert thought not in text
    assert not page.barriers()
    page.reload()
    page.see(FOLD)
    assert page.text(reply) == text
    assert not is_open(page)
    page.click(FOLD)
    assert page.text(f"{LAST} >> css=.thoughts .markdown") == thought
    assert page.complaints() == []
    device.close()
