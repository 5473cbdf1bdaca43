"""One browser, one node and one page of its owner for all browser tests."""

from collections.abc import Iterator

import pytest

from tests.browser import home
from tests.browser.browser import Browser, Device, Page, find_chromium, running_browser
from tests.system.running_node import RunningNode, running_node


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    chromium = find_chromium()
    if chromium is None:
        pytest.fail("no Chromium or Chrome was found: install one, or name it in CHROMIUM")
    with running_browser(chromium) as running:
        yield running


@pytest.fixture(scope="session")
def node(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningNode]:
    data = tmp_path_factory.mktemp("home") / "data"
    home.short_replies(data)
    with running_node(data) as running:
        yield running


@pytest.fixture(scope="session")
def url(node: RunningNode, browser: Browser) -> str:
    """The address of the node, which has its owner."""
    url = home.address(node)
    device = browser.device()
    home.set_up(device.page(url))
    device.close()
    return url


@pytest.fixture
def device(browser: Browser) -> Iterator[Device]:
    """A desktop browser that nobody used before."""
    device = browser.device()
    yield device
    device.close()


@pytest.fixture(params=["desk", "phone"])
def reader(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Device]:
    """A desktop browser in the light, and a phone in the dark."""
    device = browser.device() if request.param == "desk" else browser.phone(360, dark=True)
    yield device
    device.close()


@pytest.fixture
def page(device: Device, url: str) -> Page:
    """The gallery, with the owner logged in."""
    return home.log_in(device, url)
