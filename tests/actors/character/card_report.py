"""Makes the tables of docs/card-report.md: `python -m tests.actors.character.card_report`."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

from actors.character.formats.limits import CardLimits
from supervisor.commands.card_report import Traveller, files_of, summary, table, work_of
from tests.actors.character.all_cards import put_all
from web.library.journey import journey
from web.library.settings import LibrarySettings

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "card-report.md"
STARTER = ROOT / "web" / "starter"
MADE = "<!-- What follows is made by tests/actors/character/card_report.py. -->\n"

GROUPS = {
    "carriers": ("In every carrier", "Every version of the format, in all that carries it."),
    "wild": ("As they are met", "What real programs and people write: taken, and told where it is odd."),
    "hostile": ("Refused", "Hostile, damaged, or no card. The reason is what the person reads."),
    "starter": ("The starter characters", "English and Russian."),
}

Found = dict[str, list[Traveller]]


def group(folder: Path, suffix: str = "") -> list[Traveller]:
    """Here, and not each in a process of its own: nothing but time is different."""
    files = [(name, path) for name, path in files_of([folder]) if path.suffix.endswith(suffix)]
    return [Traveller(name, journey(work_of(path, LibrarySettings(), CardLimits()))) for name, path in files]


def find(folder: Path) -> Found:
    """`folder` has the files of all_cards.py."""
    found = {name: group(folder / name) for name in GROUPS if name != "starter"}
    return {**found, "starter": group(STARTER, ".json")}  # their pictures are no cards


def tables(found: Found) -> str:
    return "\n".join(lines(found)) + "\n"


def lines(found: Found) -> Iterator[str]:
    yield f"\n**{summary([one for each in found.values() for one in each])}**"
    for name, (title, lead) in GROUPS.items():
        yield f"\n## {title}\n\n{lead}\n"
        yield from table(found[name])


def main() -> None:
    head = PAGE.read_text(encoding="utf-8").partition(MADE)[0]
    with tempfile.TemporaryDirectory() as folder:
        put_all(Path(folder))
        PAGE.write_text(head + MADE + tables(find(Path(folder))), encoding="utf-8")
    print(PAGE)  # noqa: T201 - this is a program


if __name__ == "__main__":
    main()
