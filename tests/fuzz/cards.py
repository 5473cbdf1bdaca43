"""Fuzzing of the parsers of cards, guided by coverage: `python -m tests.fuzz.cards --seconds 600`.

Needs atheris (`pip install -e .[fuzz]`). Starts from the fixtures and from the committed corpus, which a unit
test replays. What it finds lies in --out; a finding is put into the corpus with the test that mends it.
"""

import argparse
import functools
import importlib
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Any

CORPUS = Path(__file__).parent / "corpus" / "cards"
WORDS = CORPUS.with_suffix(".dict")
LONGEST = 8_192
INSTRUMENTED = ["actors.character", "json", "zipfile", "base64"]


def main() -> None:
    parser = argparse.ArgumentParser(description="Fuzz the parsers of cards.")
    parser.add_argument("--seconds", type=int, default=60, help="how long (default: 60)")
    parser.add_argument(
        "--out", type=Path, help="folder for new inputs and findings (default: one of its own)"
    )
    arguments = parser.parse_args()
    try:
        atheris: Any = importlib.import_module("atheris")
    except ImportError:
        sys.exit("atheris is not installed: pip install -e .[fuzz]")
    out: Path = arguments.out or Path(tempfile.mkdtemp(prefix="fuzz-cards-"))
    with atheris.instrument_imports(include=INSTRUMENTED):
        checks: Any = importlib.import_module("tests.fuzz.card_checks")
        writing: Any = importlib.import_module("actors.character.formats.writing")
    writing.gradient = functools.cache(writing.gradient)  # most of the time went there
    inputs = out / "inputs"
    inputs.mkdir(parents=True, exist_ok=True)
    for number, seed in enumerate(seeds()):
        (inputs / f"seed-{number}").write_bytes(seed)
    sys.stdout.write(f"new inputs and findings: {out}\n")
    sys.stdout.flush()
    options = [
        f"-max_total_time={arguments.seconds}",
        f"-max_len={LONGEST}",
        "-len_control=0",
        f"-dict={WORDS}",
        f"-artifact_prefix={out}/finding-",
        "-timeout=20",
        "-rss_limit_mb=2000",
        "-print_final_stats=1",
    ]

    def one(data: bytes) -> None:
        checks.check(checks.file_of(data))

    atheris.Setup([sys.argv[0], *options, str(inputs), str(CORPUS)], one)
    atheris.Fuzz()


def seeds() -> list[bytes]:
    """The fixtures, and the same taken apart. Archives are stored: what changes inside them has an effect."""
    fixtures: Any = importlib.import_module("tests.actors.character.fixtures")
    stored = fixtures.archive(
        [("card.json", fixtures.as_json(fixtures.IN_CHARX)), *fixtures.CHARX_FILES], zipfile.ZIP_STORED
    )
    small: dict[str, Any] = {
        "spec": "chara_card_v3",
        "spec_version": "3.0",
        "data": {
            "name": "A",
            "assets": [fixtures.icon("main", "__asset:0"), fixtures.icon("b", "embeded://a/b.png")],
        },
    }
    card = fixtures.as_json(small)
    note = b'{"picture":true,"paths":{"0":"a/b.png"},"tree":' + card + b"}"
    apart = [
        b"\1" + b"\xfe".join((card, b"chara-ext-asset_:0", b"x", b"samovar-origin", note)),
        b"\2" + b"\xfe".join((card, b"a/b.png", fixtures.ICON, b"samovar-origin.json", note)),
        b"\3" + b"\xfe".join((card, b"xmp", b'chara="e30="')),
    ]
    beside = fixtures.as_json({**small, "samovar": {"files": {"a": "eA=="}, "picture": "iVBORw0KGgo="}})
    world = b'{"entries":{"0":{"key":["a"],"content":"b"}}}'
    made = [make() for make in fixtures.CARDS.values()]
    return [*made, *apart, stored, fixtures.JPEG + stored, card, beside, world]


if __name__ == "__main__":
    main()
