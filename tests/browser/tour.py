"""A walk past every screen, dialog and menu of the page, by keyboard where a keyboard can go.

Each part of it is a generator: it yields the name of what is to be seen now, and goes on when that was
looked at. Whatever opens takes the keyboard, Escape closes it, and the keyboard is where it was.
"""

import zipfile
from collections.abc import Generator, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from tests.actors.character.fixtures import as_json, card_chunk, png, v3
from tests.browser import home, night_train
from tests.browser.browser import Page
from tests.browser.home import DRAWER, LAST
from tests.web import tavern

CARD = "Ulyana the lighthouse keeper of Northern Vell"
NOTES = """For **long evenings** by the lamp. Best with a model that can be patient.

- She remembers every ship by name.
- She does not like to be asked about the winter of 1911.

More at [the author's page](https://cards.example/ulyana). Written after a summer at the White Sea, in a
house without electricity, and changed a little with every reader who wrote to me. She keeps a diary: ask her
what she wrote on the day you came. If she falls silent, mention the fog.

Thanks to all who tried her first, and found that she could not swim.

*2.1*: the dog has a name."""
GREETING = "*She lifts the lamp.* Come in, {{user}}. {{comment: The door stays open.}} The stove is warm."
DIALOG = "css=dialog[open]"
PANEL = "css=.panel"
HEADER_MENU = "role=button[name='More about this conversation']"
REMEMBER = "void (window.openers_ ??= []).push(document.activeElement)"
IS_BACK = "document.activeElement === window.openers_.at(-1) && window.openers_.pop() !== null"


class Tour:
    """`page` shows the login; `folder` is for files that are brought in."""

    def __init__(self, page: Page, url: str, folder: Path, *, is_phone: bool) -> None:
        self.page = page
        self.url = url
        self.folder = folder
        self.is_phone = is_phone

    def stops(self) -> Iterator[str]:
        yield from self.login()
        for part in (self.gallery, self.brought, self.talk, self.talk_opens, self.filing, self.group):
            yield from part()
        for part in (self.lorebooks, self.editor, self.personas, self.house):
            yield from part()

    # -- how one gets about -----------------------------------------------------------------------

    def go(self, address: str, sight: str) -> None:
        self.page.call("goto", f"{self.url}/{address}")
        self.page.see(sight)
        self.page.see_no("css=.placeholder >> nth=0")

    def press_on(self, what: str) -> None:
        self.page.call("focus", on=what)
        self.page.press("Enter")

    @contextmanager
    def opened(self, opener: str, sight: str, *, by: str = "Enter") -> Generator[None]:
        """What a button opens. The keyboard goes into it, and Escape brings it back to the button."""
        page = self.page
        page.call("focus", on=opener)
        page.evaluate(REMEMBER)
        page.press(by)
        page.see(sight)
        page.wait_for("document.activeElement.closest('dialog[open], .panel') !== null")
        yield
        page.press("Escape")
        page.see_no(f"{sight} >> nth=0")
        page.wait_for(IS_BACK)

    @contextmanager
    def chosen(self, menu: str, item: str, sight: str) -> Generator[None]:
        """What an item of a menu opens. Afterwards the keyboard is at the menu's button."""
        page = self.page
        page.call("focus", on=menu)
        page.evaluate(REMEMBER)
        page.press("Enter")
        self.press_on(f"{PANEL} >> {item}")
        page.see(sight)
        page.wait_for("document.activeElement.closest('dialog[open]') !== null")
        yield
        page.press("Escape")
        page.see_no(f"{sight} >> nth=0")
        page.wait_for(IS_BACK)

    # -- the parts --------------------------------------------------------------------------------

    def login(self) -> Iterator[str]:
        page = self.page
        page.see("role=button[name='Come in']")
        yield "login"
        page.fill("role=textbox[name='Your name']", home.OWNER)
        page.fill("css=input[type=password]", "no such word")
        page.press("Enter")
        page.see("text=Name or password is wrong.")
        page.complaints()  # Chromium's own, of the 401
        yield "login-refused"
        page.fill("css=input[type=password]", home.PASSWORD)
        page.press("Enter")
        page.see_no("css=input[type=password]")

    def gallery(self) -> Iterator[str]:
        page = self.page
        page.see("css=.card")
        page.see_no("css=.placeholder >> nth=0")
        yield "gallery"
        with self.opened("role=button[name=/^State of the node/]", "role=heading[name='At home']"):
            yield "node"
        with self.opened("role=button[name='Demonstration model']", "text=samovar up --model PATH"):
            yield "demo"
        account = "role=button[name=/^Account of/]"
        with self.opened(account, "role=button[name='Log out']"):
            yield "account"
        with self.chosen(account, "role=button[name='Keyboard shortcuts']", DIALOG):
            yield "help"
        page.fill("role=searchbox", "nobody is called this")
        page.see("text=Nobody here fits that.")
        yield "gallery-nothing"
        page.fill("role=searchbox", "")
        with self.opened("role=button[name='Mr. Halm']", "role=button[name='Talk with Mr. Halm']"):
            pass
        page.click(
            "role=button[name='Mr. Halm']"
        )  # another language has other characters, and no card to go back to
        page.see("role=button[name='Talk with Mr. Halm']")
        yield "sheet"
        page.press("Escape")
        page.see_no(DIALOG)
        with self.opened("role=button[name='Group chat']", DIALOG):
            for name in ("Grandmother Vesna", "Clover"):
                page.call("check", on=f"{DIALOG} >> role=checkbox[name=/^{name}/]")
            yield "new-group"
        with self.opened("role=button[name='Move in from SillyTavern']", "text=/data\\/default-user/"):
            yield "move-in"

    def brought(self) -> Iterator[str]:
        """Cards with remarks and without a card in them; a folder of SillyTavern; a zip of cards."""
        page, folder = self.page, self.folder
        card = v3(
            name=CARD, creator_notes=NOTES, creator_notes_multilingual={}, first_mes=GREETING, nickname=""
        )
        (folder / "ulyana.png").write_bytes(png(card_chunk("ccv3", card)) + b"and more")
        (folder / "holiday.png").write_bytes(png())
        home.bring(page, folder / "ulyana.png", folder / "holiday.png")
        page.see("text=/could not be taken/")
        self.press_on(f"{DIALOG} >> css=summary")
        page.see(f"{DIALOG} >> text=/follow the end of the picture/")
        yield "import"
        page.press("Escape")
        page.see_no(DIALOG)
        page.fill("role=searchbox", CARD)
        page.click(f"role=button[name='{CARD}']")
        page.see(f"{DIALOG} >> text=From the author")
        page.see(f"{DIALOG} >> css=.greeting fieldset")
        yield "sheet-folded"
        self.press_on("role=button[name='Read on']")
        page.see("role=button[name='Fold']")
        yield "sheet-unfolded"
        with self.opened("role=button[name='Save as a file']", "role=link[name=/JSON/]"):
            yield "sheet-save"
        page.press("Escape")
        page.see_no(DIALOG)
        page.fill("role=searchbox", "")
        put = tavern.Putter(folder / "default-user")
        put("characters/Melania.png", png(card_chunk("chara", tavern.named("Melania"))))
        talk = (tavern.said("Melania", "Come in.", "Come in.", "Who knocks?"), tavern.asked("Good evening."))
        put(
            "chats/Melania/2024-05-01@12h30m15s.jsonl",
            tavern.lines(*talk, header={"character_name": "Melania"}),
        )
        put("chats/Melania/broken.jsonl", b"not a chat")
        put("worlds/Melania.json", tavern.world("Melania keeps an inn.", "It snows."))
        put("themes/Dark.json", b"{}")
        page.click("role=button[name='Move in from SillyTavern']")
        page.call("setInputFiles", str(folder / "default-user"), on="css=input.folder")
        page.see("role=heading[name='You have moved in']")
        self.press_on(f"{DIALOG} >> css=summary >> nth=-1")
        yield "moved-in"
        page.click("role=button[name='Another folder']")
        packed = folder / "cards.zip"
        with zipfile.ZipFile(packed, "w") as archive:
            archive.write(folder / "ulyana.png", "cards/ulyana.png")
            archive.write(folder / "holiday.png", "cards/holiday.png")
            archive.writestr("cards/maker.json", as_json(v3(name="The maker of the very long fences")))
        page.call("setInputFiles", str(packed), on="css=input.zip")
        page.see(f"{DIALOG} >> text=The maker of the very long fences")
        page.complaints()  # Chromium's own, of the 422: no data folder is in it
        yield "cards-zip"
        page.press("Escape")
        page.see_no(DIALOG)

    def talk(self) -> Iterator[str]:
        """From the greeting with a comment to versions, a bookmark, an editor and what was deleted."""
        page = self.page
        page.fill("role=searchbox", CARD)
        home.begin(page, CARD)
        page.see(f"{LAST} >> css=small")
        yield "greeting"
        home.say(page, home.QUESTION)
        home.reply_shows(page, 20)
        yield "live"
        home.reply_ends(page)
        page.click(f"{LAST} >> role=button[name='Write another reply']")
        home.stop_reply(page, 20)
        home.reply_ends(page)
        page.see(f"{LAST} >> text=2/2")
        yield "versions"
        more = f"{LAST} >> role=button[name='More']"
        with self.opened(more, "role=button[name='Bookmark']"):
            yield "message-menu"
        with self.chosen(more, "role=button[name=/with a hint/]", DIALOG):
            yield "hint"
        with self.chosen(more, "role=button[name='Bookmark']", DIALOG):
            yield "bookmark"
        home.more(page, LAST, "Bookmark")
        page.fill("role=textbox[name='Name of the bookmark']", "The second answer")
        page.press("Enter")
        page.see(f"{LAST} >> text=The second answer")
        self.press_on(f"{LAST} >> role=button[name='Edit']")
        page.see("role=textbox[name=/^Edit the words/]")
        yield "message-edited"
        page.press("Escape")
        page.see_no("role=textbox[name=/^Edit the words/]")
        home.brief_answer(page, "And the *lighthouse*? See [the map](https://maps.example/vell).")
        home.more(page, LAST, "Delete this message")
        page.see("text=Deleted.")
        yield "deleted"
        page.click("role=button[name='Undo']")
        home.reply_ends(page)
        with self.opened("css=li.message.mine a >> nth=-1", DIALOG):
            yield "link"

    def talk_opens(self) -> Iterator[str]:
        """All that opens over a conversation."""
        page = self.page
        self.summarise("They spoke of a ship in a storm, and of the lighthouse.")
        page.see("role=button[name='Summarised up to here']")
        yield "summary-mark"
        with self.opened(f"{LAST} >> css=.ask-why", f"{DRAWER} >> text=/the model read/"):
            for fold in ("Everything it read, in order", "How it was written"):
                page.click(f"{DRAWER} >> text={fold}")
            yield "trace"
        page.fill("css=.composer textarea", "Pour me some tea.")
        preview = "role=button[name=/Preview the next prompt/]"
        with self.opened(preview, f"{DRAWER} >> text=Nothing is sent yet"):
            yield "preview"
        page.fill("css=.composer textarea", "")
        with self.opened("role=button[name=/^Room in the model/]", f"{DRAWER} >> css=textarea"):
            yield "summary"
        with self.headed("Map of the branches", f"{DIALOG} >> role=treeitem >> nth=0"):
            yield "map"
        with self.headed("You, notes and replies", "role=tab[name='Note']"):
            yield "choices-you"
            for tab in ("Note", "Instructions", "Replies"):
                page.click(f"role=tab[name='{tab}']")
                yield f"choices-{tab.lower()}"
            page.click("text=All settings")
            yield "choices-all"
        with self.headed("Bring somebody in", DIALOG):
            yield "bring-somebody-in"
        page.call("focus", on="css=.scroller")
        page.press("Control+k")
        page.see("role=combobox[name='Search everything']")
        yield "search-empty"
        page.fill("role=combobox[name='Search everything']", "lighthouse")
        page.see("role=option >> css=mark")
        yield "search"
        page.press("Escape")
        page.see_no(DIALOG)
        assert page.evaluate("document.activeElement.matches('.scroller')")

    def headed(self, action: str, sight: str) -> AbstractContextManager[None]:
        """What opens from the header: from a menu on a phone."""
        button = f"role=button[name='{action}']"
        return self.chosen(HEADER_MENU, button, sight) if self.is_phone else self.opened(button, sight)

    def summarise(self, text: str) -> None:
        status = self.page.evaluate(
            f"fetch(`/api/conversations/${{location.pathname.split('/').pop()}}/summaries/"
            "${document.querySelectorAll('li.message')[2].dataset.id}`, {method: 'PUT', "
            f"headers: {{'Content-Type': 'application/json'}}, body: JSON.stringify({{text: '{text}'}})}})"
            ".then((answer) => answer.status)"
        )
        assert status == 204

    def filing(self) -> Iterator[str]:
        """The list of conversations and what it opens."""
        page = self.page
        if self.is_phone:
            self.press_on("role=button[name='Show the conversations']")
            page.see("css=.drawer.open")
        yield "list"
        with self.opened("role=button[name='Order of the list, files']", "text=Recently deleted"):
            yield "list-order"
        with self.chosen("role=button[name='Order of the list, files']", "text=New folder…", DIALOG):
            yield "new-folder"
        row = "role=button[name=/^More about “/] >> nth=0"
        with self.opened(row, "role=button[name='Pin']"):
            yield "row-menu"
        with self.chosen(row, "role=button[name='Rename']", DIALOG):
            yield "rename"
        with self.chosen(row, "role=button[name='Folder and tags…']", DIALOG):
            yield "folder-and-tags"
        if self.is_phone:
            page.press("Escape")
            page.see_no("css=.drawer.open")

    def group(self) -> Iterator[str]:
        page = self.page
        self.go("", "css=.card")
        page.click("role=button[name='Group chat']")
        for name in ("Grandmother Vesna", "Mr. Halm", "Clover"):
            page.call("check", on=f"{DIALOG} >> role=checkbox[name=/^{name}/]")
        page.click("role=button[name='Begin with 3']")
        page.see(LAST)
        home.brief_answer(page, "Clover, what grows in the snow?")
        yield "group"
        with self.opened(
            f"{LAST} >> role=button[name='Another character answers']", "role=button[name=/answers instead/]"
        ):
            yield "speaker-menu"
        with self.opened("role=button[name='Group settings']", DIALOG):
            yield "group-settings"

    def lorebooks(self) -> Iterator[str]:
        page = self.page
        self.go("lorebooks", "role=heading[name='Lorebooks']")
        yield "lorebooks"
        with self.opened("role=button[name='New lorebook']", DIALOG):
            yield "new-lorebook"
        file = self.folder / "night-train.json"
        file.write_bytes(as_json(night_train.lorebook()))
        page.call("setInputFiles", [str(file)], on="css=input[type=file]")
        page.see(f"role=link[name='{night_train.NAME}']")
        yield "lorebooks-brought"
        with self.opened(f"role=button[name='More about {night_train.NAME}']", "role=button[name='Remove']"):
            yield "lorebook-menu"
        page.click(f"role=link[name='{night_train.NAME}'] >> nth=0")
        page.see("role=button[name='Would this fire?']")
        yield "lorebook"
        self.press_on("css=.row >> nth=1")
        page.see("role=textbox[name=/^What enters the prompt/]")
        yield "entry"
        for number in range(page.count("css=.detail details:not([open]) > summary")):
            page.click(f"css=.detail details >> nth={number} >> css=summary >> nth=0")
        yield "entry-all"
        self.to_list()
        page.click("role=button[name='More'] >> nth=0")
        page.click("role=button[name='Book settings']")
        page.see("text=Token budget")
        yield "book-settings"
        self.to_list()
        page.click("role=button[name='Would this fire?']")
        page.fill("role=textbox[name='Text']", night_train.QUESTION)
        page.see("text=Fires: 6 entries")
        page.see_no("css=.result.stale")
        yield "tester"
        with self.opened("role=button[name='Where it counts']", DIALOG):
            yield "uses"

    def to_list(self) -> None:
        """On a phone the list is a page of its own."""
        back = "role=button[name='All entries']"
        if self.page.count(back) and self.page.call("isVisible", on=back):
            self.page.click(back)

    def editor(self) -> Iterator[str]:
        page = self.page
        self.go("characters/new", "role=heading[name='Who they are']")
        yield "new-character"
        self.go("", "css=.card")
        page.fill("role=searchbox", CARD)
        page.click(f"role=button[name='{CARD}']")
        page.click("role=link[name='Edit']")
        page.see("role=heading[name='Who they are']")
        page.see("css=aside .panel")
        yield "card"
        for part in (
            "How it begins",
            "Example dialogue",
            "Instructions",
            "Lore",
            "Pictures",
            "About the card",
            "Other data",
        ):
            self.press_on(f"role=navigation >> role=button[name='{part}']")
            page.see(f"role=heading[name='{part}']")
            yield f"card-{part.split()[-1].lower()}"
        self.press_on("role=navigation >> role=button[name='Who they are']")
        page.fill("role=textbox[name='Scenario']", "A winter without ships.")
        page.press("Control+s")
        page.see("text=All saved")
        actions = "role=button[name='More about this character']"
        with self.opened(actions, "role=link[name=/CHARX/]"):
            yield "card-menu"
        for action, sight in (
            ("Preview of the prompt", f"{DIALOG} >> css=article, li"),
            ("Versions", f"{DIALOG} >> role=button[name=/^Compare/] >> nth=0"),
        ):
            button = f"role=button[name='{action}']"
            with self.chosen(actions, button, sight) if self.is_phone else self.opened(button, sight):
                yield f"card-{action.split()[0].lower()}"
                if action == "Versions":
                    with self.opened(f"{DIALOG} >> role=button[name=/^Compare/] >> nth=0", "css=ins"):
                        yield "compare"
        page.fill("role=textbox[name='Scenario']", "A winter with one ship.")
        with self.opened("role=link[name='To the gallery']", DIALOG):
            yield "leave"
        page.press("Control+s")
        page.see("text=All saved")

    def personas(self) -> Iterator[str]:
        self.go("personas", "role=heading[name='Personas']")
        yield "personas"
        with self.opened("role=button[name='New persona'] >> nth=0", DIALOG):
            yield "new-persona"

    def house(self) -> Iterator[str]:
        self.go("boxes", "text=Belongs to this machine")
        yield "boxes"
        with self.opened("role=button[name='Add a GPU box']", "text=samovar join SAMOVAR1"):
            yield "pairing"
        self.go("queue", "role=heading[name='Shares']")
        yield "queue"
        self.go("people", "role=button[name='Add a person']")
        yield "people"
        with self.opened("role=button[name='Add a person']", DIALOG):
            yield "add-person"
        self.go("nowhere/at/all", "role=heading[name='There is nothing at this address']")
        yield "nowhere"
        self.go("c/00000000-0000-7000-8000-000000000000", "role=heading[name=/no longer here/]")
        yield "gone"
