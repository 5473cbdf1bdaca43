"""Round trips of cards nobody would think of: odd paths, uris of every kind, any JSON between."""

import base64
from typing import Any

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from actors.character.formats.limits import CardLimits
from actors.character.formats.reading import read_card
from actors.character.formats.troubles import CardTrouble
from actors.character.formats.writing import FORMATS, write_card
from tests.actors.character import fixtures

LIMITS = CardLimits()
PATHS = st.one_of(
    st.sampled_from(
        [
            "0",
            "1",
            "picture",
            "card.json",
            "samovar-origin.json",
            "assets/icon/images/main.png",
            "a/b",
            "a b",
            " a",
        ]
    ),
    st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), min_size=1, max_size=90),
)
SCHEMES = st.sampled_from(["__asset:", "embeded://", "embedded://", "https://"])
PICTURES = st.sampled_from([None, fixtures.png(), fixtures.JPEG, b"none"])
SPECS = st.sampled_from(["chara_card_v2", "chara_card_v3", "chara_card_v9", "", None])
ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def cards(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, bytes], bytes | None]:
    files = draw(st.dictionaries(PATHS, st.binary(max_size=20), max_size=4))
    named = st.sampled_from(sorted(files)) if files else PATHS
    uris = st.one_of(st.just("ccdefault:"), st.tuples(SCHEMES, named | PATHS).map("".join))
    asset = st.fixed_dictionaries(
        {"uri": uris | ANY, "type": st.sampled_from(["icon", "x_a", "../b"]) | ANY, "name": ANY, "ext": ANY}
    )
    data = draw(st.dictionaries(st.text(max_size=5), ANY, max_size=3))
    data["name"] = draw(ANY)
    if draw(st.booleans()):
        data["extensions"] = draw(st.dictionaries(st.text(max_size=5), ANY, max_size=2) | ANY)
    if draw(st.booleans()):
        data["assets"] = draw(st.lists(asset | ANY, max_size=4) | ANY)
    return {"spec": draw(SPECS), "data": data, "more": draw(ANY)}, files, draw(PICTURES)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(cards(), st.permutations(FORMATS))
def test_any_card_comes_back_from_any_journey(
    card: tuple[dict[str, Any], dict[str, bytes], bytes | None], journey: list[str]
) -> None:
    tree, files, picture = card
    beside: dict[str, Any] = {
        "files": {path: base64.b64encode(data).decode() for path, data in files.items()}
    }
    if picture is not None:
        beside["picture"] = base64.b64encode(picture).decode()
    file = read_card(fixtures.as_json({**tree, "samovar": beside}), LIMITS)
    before = file.origin
    assert before is not None
    assert (before.tree, before.files, before.picture) == (tree, files, picture)
    for form in journey:
        file = read_card(write_card(file, form, LIMITS, picture=True).data, LIMITS)
        assert (file.origin or file.contents) == before


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(PATHS, st.binary(max_size=9)), max_size=3, unique_by=lambda pair: pair[0]))
def test_any_archive_is_refused_or_comes_back(members: list[tuple[str, bytes]]) -> None:
    assume(all(path != "card.json" for path, _ in members))
    try:
        file = read_card(fixtures.charx(fixtures.v3(), *members), LIMITS)
    except CardTrouble:
        return
    for form in FORMATS:
        again = read_card(write_card(file, form, LIMITS, picture=True).data, LIMITS)
        assert (again.origin or again.contents) == (file.origin or file.contents)
