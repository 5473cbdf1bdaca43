"""What `samovar pair` prints."""

from supervisor.commands.pair import ONLY_HERE, joined_text, qr_lines, text_of
from web.protocol.boxes import BoxFacts, BoxOffer


def offer(*addresses: str) -> BoxOffer:
    return BoxOffer("SAMOVAR1ABC", ("101", "010", "111"), addresses, 600.0, "k" * 40)


def test_the_text_has_the_command_the_code_and_the_addresses() -> None:
    text = text_of(offer("vds.example.org:7777", "10.0.0.1:7777"))
    assert "within 10 minutes" in text
    assert "\nsamovar join SAMOVAR1ABC\n" in text
    assert "vds.example.org:7777, 10.0.0.1:7777" in text
    assert ONLY_HERE not in text


def test_an_address_that_no_other_machine_can_reach_is_pointed_out() -> None:
    for addresses in (("127.0.0.1:7777",), ("[::1]:7777", "localhost:1")):
        assert ONLY_HERE in text_of(offer(*addresses))
    assert ONLY_HERE not in text_of(offer("127.0.0.1:7777", "10.0.0.1:7777"))


def test_a_qr_code_is_drawn_with_two_rows_in_a_line_and_a_margin() -> None:
    assert qr_lines(("101", "010", "111"), margin=1) == ["█▀█▀█", "█▀ ▀█", "█████"]


def test_the_fingerprint_is_told_when_a_box_has_joined() -> None:
    assert "AAAA-BBBB-CCCC" in joined_text(BoxFacts("attic", "Attic", fingerprint="AAAA-BBBB-CCCC"))
