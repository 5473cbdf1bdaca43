"""What programs and people really write into cards: taken, told, and kept as it came."""

import base64
from typing import Any

import pytest

from actors.character.card import Asset, Card
from actors.character.formats.card_view import card_view
from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import CardFile, read_card
from actors.character.formats.troubles import EncryptedCardError, LorebookAloneError, NoCardError
from actors.character.formats.warnings import Warnings
from tests.actors.character import fixtures

LIMITS = CardLimits()


def read(tree: object) -> CardFile:
    return read_card(fixtures.as_json(tree), LIMITS)


def with_data(**fields: Any) -> CardFile:
    return read({**fixtures.V2, "data": {**fixtures.V2["data"], **fields}})


def with_entry(**fields: Any) -> CardFile:
    return with_data(character_book={"entries": [{"content": "x", "keys": ["k"], **fields}]})


def told(file: CardFile) -> tuple[str, ...]:
    return tuple(warning.text for warning in file.warnings)


def entry(file: CardFile) -> Any:
    assert file.card.book is not None
    return file.card.book.entries[0]


def test_a_sound_card_has_no_warnings() -> None:
    for tree in (fixtures.V1, fixtures.V2, fixtures.v3()):
        assert read(tree).warnings == ()


def test_a_book_that_is_null_is_none() -> None:
    file = with_data(character_book=None)
    assert (file.card.book, file.warnings) == (None, ())
    assert file.contents.tree["data"]["character_book"] is None


def test_a_single_greeting_is_a_list_of_one() -> None:
    file = with_data(alternate_greetings="Who knocks, and when?")
    assert file.card.alternate_greetings == ("Who knocks, and when?",)
    assert "alternate_greetings" in told(file)[0]
    assert file.contents.tree["data"]["alternate_greetings"] == "Who knocks, and when?"


def test_a_book_needs_no_extensions() -> None:
    file = with_data(character_book={"entries": [{"keys": ["a"], "content": "b"}]})
    assert file.warnings == ()
    assert entry(file).enabled
    assert entry(file).insertion_order == 100


@pytest.mark.parametrize("scheme", ["embeded://", "embedded://"])
def test_both_spellings_of_embedded_name_a_file(scheme: str) -> None:
    tree = fixtures.v3(assets=[fixtures.icon("main", f"{scheme}assets/a.png")])
    assert read_card(fixtures.charx(tree, ("assets/a.png", b"x")), LIMITS).warnings == ()
    assert "is not in the card" in told(read_card(fixtures.charx(tree), LIMITS))[0]


@pytest.mark.parametrize("colon", [":", ""])
def test_a_file_s_chunk_may_lack_its_colon(colon: str) -> None:
    chunk = fixtures.asset_chunk("7", b"data", colon)
    file = read_card(fixtures.png(fixtures.card_chunk("ccv3", fixtures.v3()), chunk), LIMITS)
    assert file.contents.files == {"7": b"data"}


def test_a_jpeg_may_be_followed_by_an_archive() -> None:
    file = read_card(fixtures.CARDS["V3 JPEG with an archive"](), LIMITS)
    assert (file.carrier, file.contents.picture) == ("jpeg", fixtures.JPEG)


def test_another_program_s_files_are_kept() -> None:
    files = read_card(fixtures.CARDS["V3 CHARX"](), LIMITS).contents.files
    assert files["module.risum"] == b"\x6f\0of another program"
    assert files["x_meta/1.json"] == b'{"type":"WEBP"}'


@pytest.mark.parametrize("word", ["ccv3", "chara"])
def test_an_encrypted_card_is_refused_with_its_reason(word: str) -> None:
    with pytest.raises(EncryptedCardError, match="encrypted"):
        read_card(fixtures.png(fixtures.text_chunk(word, b"rcc||rccv1||a||b||c")), LIMITS)
    with pytest.raises(EncryptedCardError):
        read_card(b"rcc||rccv1||a||b||c", LIMITS)


def test_a_card_of_megabytes_among_foreign_chunks_is_read() -> None:
    long = fixtures.v3(description="я" * 2_000_000)
    foreign = fixtures.text_chunk("workflow", b"x" * 3_500_000)
    file = read_card(fixtures.png(foreign, fixtures.card_chunk("ccv3", long)), LIMITS)
    assert len(file.card.description) == 2_000_000


@pytest.mark.parametrize("name", ["exclude_recursion", "excludeRecursion"])
@pytest.mark.parametrize("inside", [True, False])
def test_an_extension_may_stand_beside_the_extensions(name: str, *, inside: bool) -> None:
    file = with_entry(**({"extensions": {name: True}} if inside else {name: True}))
    assert entry(file).extensions == {name: True}
    assert file.warnings == ()


def test_secondary_keys_may_be_one_text_with_commas() -> None:
    file = with_entry(secondary_keys="ice, snow ,, hail")
    assert entry(file).secondary_keys == ("ice", "snow", "hail")
    assert "secondary_keys" in told(file)[0]


def test_a_picture_without_a_card_is_a_clear_error() -> None:
    for data in (fixtures.png(), fixtures.webp(), fixtures.JPEG, fixtures.archive([("a.txt", b"a")])):
        with pytest.raises(NoCardError, match="no card"):
            read_card(data, LIMITS)


def test_of_two_chunks_the_newer_version_counts_unless_it_is_broken() -> None:
    old, new = fixtures.card_chunk("chara", fixtures.V2), fixtures.card_chunk("ccv3", fixtures.v3())
    assert read_card(fixtures.png(old, new), LIMITS).spec.name == "chara_card_v3"
    broken = fixtures.text_chunk("ccv3", b"?")
    file = read_card(fixtures.png(old, broken), LIMITS)
    assert (file.spec.name, told(file)) == ("chara_card_v2", ("The ccv3 chunk cannot be read.",))
    for other in (b"{", b"{}", b"[]"):
        half = fixtures.text_chunk("ccv3", base64.b64encode(other))
        file = read_card(fixtures.png(old, half), LIMITS)
        assert file.spec.name == "chara_card_v2"
        assert "the newer one cannot be read" in told(file)[0]


def test_the_first_of_several_chunks_counts_and_a_keyword_may_be_capital() -> None:
    first = fixtures.card_chunk("Chara", fixtures.V2)
    second = fixtures.card_chunk("chara", {**fixtures.V1, "name": "Another"})
    file = read_card(fixtures.png(first, second), LIMITS)
    assert file.card.name == "Агафья"
    assert "several chara chunks" in told(file)[0]
    assert read_card(fixtures.png(first, first), LIMITS).warnings == ()


def test_a_card_may_stand_in_a_chunk_as_bare_json() -> None:
    chunk = fixtures.text_chunk("chara", fixtures.as_json(fixtures.V2))
    file = read_card(fixtures.png(chunk), LIMITS)
    assert file.card.name == "Агафья"
    assert "bare JSON" in told(file)[0]


def test_base64_may_be_wrapped_unpadded_and_of_the_other_alphabet() -> None:
    tree = {**fixtures.V1, "name": "???>>>ÿÿÿ"}
    plain = fixtures.card_chunk("chara", tree).data.partition(b"\0")[2]
    met = plain.translate(bytes.maketrans(b"+/", b"-_")).rstrip(b"=")
    chunk = fixtures.text_chunk("chara", b"\n".join(met[at : at + 76] for at in range(0, len(met), 76)))
    assert read_card(fixtures.png(chunk), LIMITS).contents.tree == tree


def test_bytes_after_a_picture_are_told() -> None:
    file = read_card(fixtures.CARDS["V2 PNG"]() + b"more", LIMITS)
    assert told(file) == ("4 bytes follow the end of the picture: they are not read.",)


@pytest.mark.parametrize(
    "tree",
    [
        {"char_name": "A", "char_persona": "B", "world_scenario": "C", "char_greeting": "D"},
        {"name": "A", "context": "B", "scenario": "C", "greeting": "D"},
    ],
)
def test_the_names_that_older_programs_gave_the_fields_are_known(tree: dict[str, Any]) -> None:
    card = read(tree).card
    assert (card.name, card.description, card.scenario, card.first_mes) == ("A", "B", "C", "D")


def test_a_v1_card_may_lack_fields_but_not_its_name() -> None:
    assert read({"name": "A", "first_mes": "Hi"}).card.first_mes == "Hi"
    with pytest.raises(NoCardError):
        read({"name": "a package", "description": "of some code", "version": "1.0"})


@pytest.mark.parametrize(
    ("spec", "version", "line"),
    [
        ("chara_card_v2", "2.0", ""),
        ("chara_card_v2", 2.0, ""),
        ("chara_card_v3", "3.0", ""),
        ("chara_card_v3", "3.1", "newer"),
        ("chara_card_v4", "4.0", "newer"),
        ("chara_card_v3", "ten", "taken for 3.0"),
        ("chara_card_v3", None, "missing"),
        ("chara_card_v2", "3.0", "but version 3.0"),
        (None, None, "does not say"),
        (3, "3.0", "does not say"),
    ],
)
def test_versions_are_compared_as_numbers_and_none_is_refused(spec: Any, version: Any, line: str) -> None:
    file = read({**fixtures.v3(), "spec": spec, "spec_version": version})
    assert file.card.group_only_greetings == ("All of you, come in.",)
    assert line in " ".join(told(file))
    assert bool(file.warnings) == bool(line)


def test_a_spec_without_data_is_read_as_v1_where_it_can_be() -> None:
    file = read({**fixtures.V1, "spec": "chara_card_v2"})
    assert (file.spec.name, file.card.name) == ("chara_card_v1", "Агафья")
    with pytest.raises(NoCardError):
        read({"spec": "chara_card_v2"})


def test_a_book_may_have_its_entries_as_a_world_has() -> None:
    file = with_data(character_book={"entries": {"0": {"key": ["a"], "content": "b", "order": 3}}})
    assert (entry(file).keys, entry(file).insertion_order) == (("a",), 3)


def test_a_position_may_be_a_number() -> None:
    assert entry(with_entry(position=1)).position == "after_char"
    at_depth = entry(with_entry(position=4))
    assert (at_depth.position, at_depth.extensions) == ("", {"position": 4})


@pytest.mark.parametrize(
    ("given", "read_as"),
    [("true", True), ("false", False), (1, True), (0, False), (None, True), ("maybe", True)],
)
def test_a_flag_may_be_a_word_or_a_number(given: Any, *, read_as: bool) -> None:
    assert entry(with_entry(enabled=given)).enabled is read_as


@pytest.mark.parametrize(
    ("given", "read_as"), [("7", 7), (7.5, 7.5), ("much", 100), (1e300, 100), ([1], 100)]
)
def test_a_number_may_be_a_text(given: Any, read_as: float) -> None:
    assert entry(with_entry(insertion_order=given)).insertion_order == read_as


def test_what_is_of_a_wrong_type_is_told_and_read_as_far_as_it_makes_sense() -> None:
    file = with_data(
        name=7,
        description=["a", 1, "b"],
        personality={"x": 1},
        tags="inn, winter",
        creator=None,
        extensions=[],
        nickname=True,
        character_version=1.5,
        source="https://a",
        creation_date="1700000000",
        modification_date=-1,
        creator_notes_multilingual={"en": "x", "ru": 1},
        group_only_greetings=[{"text": "x"}, "y"],
    )
    card = file.card
    assert (card.name, card.description, card.personality, card.nickname) == ("7", "a\nb", "", "")
    assert (card.tags, card.creator, card.extensions) == (("inn", "winter"), "", {})
    assert (card.character_version, card.source) == ("1.5", ("https://a",))
    assert (card.creation_date, card.modification_date) == (1_700_000_000, None)
    assert card.creator_notes_multilingual == {"en": "x"}
    assert card.group_only_greetings == ("y",)
    for name in ("name", "description", "personality", "tags", "nickname", "creator_notes_multilingual"):
        assert any(name in line for line in told(file)), name


def test_a_lorebook_of_a_wrong_type_costs_the_card_nothing_else() -> None:
    assert with_data(character_book="none").card.book is None
    for odd in ({}, {"entries": None}, {"entries": [1, None]}):
        file = with_data(character_book=odd)
        assert file.card.book is not None
        assert file.card.book.entries == ()
        assert file.warnings


def test_assets_default_to_the_picture_and_odd_ones_are_told() -> None:
    assert Card().assets == (Asset("icon", "ccdefault:", "main", "png"),)
    assert read(fixtures.v3()).card.assets == Card().assets
    assert read(fixtures.v3(assets=[])).card.assets == ()
    odd = [
        fixtures.icon("main", "ccdefault:"),
        fixtures.icon("main", "ccdefault:", ext=".PNG"),
        fixtures.icon("x", "https://example.org/x.png", "x_custom"),
        fixtures.icon("y", "data:image/png;base64,???", "unknown"),
        3,
    ]
    file = read(fixtures.v3(assets=odd))
    assert [each.ext for each in file.card.assets] == ["png"] * 4
    lines = " ".join(told(file))
    for words in (
        "2 of the icons",
        "never fetched",
        '"unknown" is unknown',
        "cannot be read",
        "1 of the assets",
    ):
        assert words in lines


def test_warnings_have_an_end() -> None:
    entries = [{"keys": 1, "content": "x"} for _ in range(300)]
    warnings = Warnings(LIMITS.warnings)
    card_view({"data": {**fixtures.V2["data"], "character_book": {"entries": entries}}}, warnings)
    assert len(warnings.told()) == LIMITS.warnings + 1
    assert warnings.told()[-1].text == "… and 200 more"


def test_a_card_with_entries_beside_its_data_is_a_card() -> None:
    assert read({**fixtures.V2, "entries": {}}).spec.name == "chara_card_v2"
    with pytest.raises(LorebookAloneError):
        read({"entries": []})


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize(
    "comment",
    [
        b"ASCII\0\0\0" + fixtures.as_json(fixtures.V2),
        fixtures.as_json(fixtures.V2),
        fixtures.byte_numbers(fixtures.V2),
        b"UNICODE\0" + fixtures.as_json(fixtures.V2).decode().encode("utf-16-le"),
        b"UNICODE\0" + fixtures.as_json(fixtures.V2).decode().encode("utf-16-be"),
        b"\0" * 8 + fixtures.as_json(fixtures.V2) + b"\0",
    ],
    ids=["ascii", "bare", "numbers", "utf-16-le", "utf-16-be", "no charset"],
)
def test_the_comment_of_a_webp_is_read_as_old_programs_wrote_it(comment: bytes, order: str) -> None:
    file = read_card(fixtures.webp((b"EXIF", fixtures.exif(comment, order))), LIMITS)
    assert file.contents.tree == fixtures.V2


@pytest.mark.parametrize(
    "packet",
    [
        b'<rdf:Description chara="%s"/>',
        b"<rdf:Description x:ccv3='%s'/>",
        b"<x:chara>%s</x:chara>",
    ],
)
def test_the_xmp_of_a_webp_is_read(packet: bytes) -> None:
    text = fixtures.card_chunk("chara", fixtures.V2).data.partition(b"\0")[2]
    file = read_card(fixtures.webp((b"XMP ", packet % text)), LIMITS)
    assert file.contents.tree == fixtures.V2
