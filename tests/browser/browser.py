"""Chromium for tests, through driver.mjs and Playwright's library in web/ui/node_modules."""

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
UI = HERE.parents[1] / "web" / "ui"
NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge")
END_S = 20.0
# Pictures far below the window are fetched when one gets there.
SEEN = (
    "[...document.images].filter((i) => i.checkVisibility() && i.getBoundingClientRect().top < innerHeight)"
)


class PageTroubleError(AssertionError):
    """The page did not do what the test wants; the text is Playwright's."""


def find_chromium() -> str | None:
    """The browser's program: CHROMIUM in the environment, or one on PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


def find_node() -> str | None:
    """Node.js: on PATH, or beside this Python, where the set-up puts it."""
    return shutil.which("node") or shutil.which("node", path=str(Path(sys.executable).parent))


class Browser:
    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.process = process

    def do(self, what: str, **more: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps({"do": what, **more}) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise PageTroubleError("the browser ended")
        answer = json.loads(line)
        if "error" in answer:
            raise PageTroubleError(answer["error"])
        return answer["value"]

    def device(
        self,
        width: int = 1440,
        height: int = 900,
        *,
        dark: bool = False,
        touch: bool = False,
        locale: str = "en-GB",
    ) -> "Device":
        """A browser of its own, with its own cookies and storage."""
        number = self.do("context", width=width, height=height, dark=dark, touch=touch, locale=locale)
        return Device(self, number)

    def phone(self, width: int = 390, *, dark: bool = False, locale: str = "en-GB") -> "Device":
        return self.device(width, 844, dark=dark, touch=True, locale=locale)


class Device:
    def __init__(self, browser: Browser, number: int) -> None:
        self.browser = browser
        self.number = number
        self.pages: list[Page] = []

    def page(self, url: str) -> "Page":
        """A new tab at this address."""
        page = Page(self.browser, self.browser.do("page", context=self.number))
        self.pages.append(page)
        page.call("goto", url)
        return page

    def offline(self, *, is_offline: bool) -> None:
        self.browser.do("offline", context=self.number, **{"is": is_offline})

    def close(self) -> None:
        self.browser.do("close_context", context=self.number)


class Page:
    """A tab. Each method waits until it can be done, or raises PageTroubleError."""

    def __init__(self, browser: Browser, number: int) -> None:
        self.browser = browser
        self.number = number

    def call(self, method: str, *args: Any, on: str | None = None) -> Any:
        """A method of Playwright's Page, or of its Locator for the selector `on`."""
        return self.browser.do("call", page=self.number, selector=on, method=method, args=args)

    def click(self, selector: str) -> None:
        self.call("click", on=selector)

    def fill(self, selector: str, text: str) -> None:
        self.call("fill", text, on=selector)

    def press(self, keys: str) -> None:
        """Keys for whatever has the focus, like "Alt+r"."""
        self.evaluate("new Promise(requestAnimationFrame)")
        self.browser.do("call", page=self.number, selector="*:focus >> nth=0", method="press", args=[keys])

    def see(self, selector: str) -> None:
        """Wait until it is there to be seen."""
        self.call("waitFor", {"state": "visible"}, on=f"{selector} >> nth=0")

    def see_no(self, selector: str) -> None:
        """Wait until nothing of it is to be seen."""
        self.call("waitFor", {"state": "hidden"}, on=selector)

    def wait_for(self, expression: str) -> None:
        """Wait until this JavaScript holds in the page."""
        self.browser.do("wait", page=self.number, expression=expression)

    def text(self, selector: str) -> str:
        return self.call("innerText", on=selector)

    def count(self, selector: str) -> int:
        return self.call("count", on=selector)

    def evaluate(self, expression: str) -> Any:
        return self.call("evaluate", expression)

    def title(self) -> str:
        return self.call("title")

    def sleep(self) -> None:
        """As a phone lets a page sleep: no script runs. Ask nothing of it until it wakes."""
        self.browser.do("lifecycle", page=self.number, state="frozen")

    def wake(self) -> None:
        self.browser.do("lifecycle", page=self.number, state="active")

    def reload(self) -> None:
        self.call("reload")

    def picture(self, path: Path) -> None:
        """A screenshot, when fonts and pictures are there and nothing moves."""
        self.evaluate("document.fonts.ready.then(() => true)")
        self.wait_for(f"{SEEN}.every((i) => i.complete && i.naturalWidth > 0)")
        self.evaluate(f"Promise.all({SEEN}.map((i) => i.decode())).then(() => true)")
        self.call("screenshot", {"path": str(path), "animations": "disabled"})

    def barriers(self) -> str:
        """What axe-core finds: what keeps people out who see, hear or move otherwise."""
        # What still fades in has no contrast yet.
        self.evaluate(
            "Promise.allSettled(document.getAnimations().filter((a) => Number.isFinite("
            "a.effect.getComputedTiming().endTime)).map((a) => a.finished)).then(() => true)"
        )
        found = self.browser.do("axe", page=self.number)
        return "\n".join(f"{one['id']}: {one['help']}: {where}" for one in found for where in one["where"])

    def overhang(self) -> int:
        """Pixels by which the page is wider than its window."""
        return self.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")

    def metrics(self) -> dict[str, float]:
        """Figures of the page by their names in the debugger (JSHeapUsedSize, Nodes, …), without garbage."""
        return self.browser.do("metrics", page=self.number)

    def complaints(self) -> list[str]:
        """Errors of the page and of its console since the last call."""
        return self.browser.do("complaints", page=self.number)


@contextlib.contextmanager
def running_browser(chromium: str) -> Generator[Browser]:
    node = find_node()
    if node is None or not (UI / "node_modules" / "playwright-core").is_dir():
        raise PageTroubleError(
            "the browser's packages are missing: run `python3 -m deploy test`, which gets them"
        )
    command = [node, str(HERE / "driver.mjs"), chromium]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        try:
            yield Browser(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            try:
                process.wait(END_S)
            except subprocess.TimeoutExpired:
                process.kill()
