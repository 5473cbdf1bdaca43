from actors.character.macros import expand_names


def test_every_spelling_of_the_two_names_is_replaced() -> None:
    text = "{{char}} {{CHAR}} <BOT> <bot> {{user}} {{User}} <USER>"
    assert expand_names(text, "Nadia", "Anna") == "Nadia Nadia Nadia Nadia Anna Anna Anna"


def test_a_name_that_looks_like_a_macro_stays_text() -> None:
    assert expand_names("{{user}} and {{char}}", "Nadia", "{{char}}") == "{{char}} and Nadia"


def test_other_macros_are_left_alone() -> None:
    assert expand_names("{{date}} {char} <OTHER>", "Nadia", "Anna") == "{{date}} {char} <OTHER>"
