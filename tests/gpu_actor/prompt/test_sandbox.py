"""Hostile templates: each is stopped, quickly, and with words."""

import jinja2
import pytest
from jinja2.exceptions import SecurityError

from gpu_actor.prompt.sandbox import (
    LONGEST_TEMPLATE,
    SandboxedTemplate,
    TemplateLimitError,
    TemplateRaisedError,
)

MESSAGES = [{"role": "system", "content": "S"}, {"role": "user", "content": "U"}]

NS = "{% set ns = namespace(x='a', l=[1], n=3, d={}) %}"
REPEAT = "{% for i in range(60) %}"


def render(source: str) -> str:
    return SandboxedTemplate(source).render({"messages": MESSAGES, "add_generation_prompt": True}, {})


TOO_MUCH = {
    "a loop in a loop": "{% for i in range(99999) %}{% for j in range(99999) %}{% endfor %}{% endfor %}",
    "a long loop": "{% for i in range(99999)|list %}{% for j in range(99) %}{% endfor %}{% endfor %}",
    "text that doubles": NS + REPEAT + "{% set ns.x = ns.x ~ ns.x %}{% endfor %}{{ ns.x }}",
    "text that doubles by plus": NS + REPEAT + "{% set ns.x = ns.x + ns.x %}{% endfor %}{{ ns.x }}",
    "text that doubles in a block": NS
    + REPEAT
    + "{% set y %}{{ ns.x }}{{ ns.x }}{% endset %}{% set ns.x = y %}{% endfor %}",
    "text that doubles by replacing": NS + REPEAT + "{% set ns.x = ns.x|replace('a', 'aa') %}{% endfor %}",
    "text that doubles by a method": NS + REPEAT + "{% set ns.x = ns.x.replace('a', 'aa') %}{% endfor %}",
    "text that doubles by joining": NS + REPEAT + "{% set ns.x = [ns.x, ns.x]|join %}{% endfor %}",
    "one long expression": "{% set x = 'a' * 9 %}" + "{{ " + "~".join(["'aaaaaaaaaa' * 9999"] * 2000) + " }}",
    "times": "{{ 'a' * 10000000000 }}",
    "times a list": "{{ ([0] * 10000000000)|length }}",
    "a power": "{{ 10 ** 10 ** 10 }}",
    "a number that squares itself": NS + REPEAT + "{% set ns.n = ns.n * ns.n %}{% endfor %}{{ ns.n }}",
    "old formatting": "{{ '%9999999999d' % 1 }}",
    "new formatting": "{{ '{:9999999999}'.format(1) }}",
    "a wide indent": "{{ 'a'|indent(999999999, true) }}",
    "a wide indent of json": "{{ [1]|tojson(indent=999999999) }}",
    "a method that pads": "{{ 'a'.ljust(999999999) }}",
    "lists in lists": NS + REPEAT + "{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
    "dicts in dicts": NS + REPEAT + "{% set ns.d = {'a': ns.d, 'b': ns.d} %}{% endfor %}{{ ns.d|tojson }}",
    "namespaces in namespaces": NS
    + REPEAT
    + "{% set ns.l = namespace(a=ns.l, b=ns.l) %}{% endfor %}{{ ns.l }}",
    "a namespace in itself": NS + "{% set ns.x = ns %}{{ ns }}",
    "a join with a long separator": "{% set s %}" + "x" * 5000 + "{% endset %}{{ range(9999)|join(s) }}",
    "a map that makes long texts": "{{ range(90000)|map('replace', '1', '" + "x" * 999 + "')|list|length }}",
    "much output": "{% for i in range(90000) %}" + "x" * 99 + "{% endfor %}",
    "a macro that calls itself twice": "{% macro f(n) %}{% if n %}{{ f(n-1) }}{{ f(n-1) }}{% endif %}"
    "{% endmacro %}{{ f(60) }}",
    "a recursive loop": "{% for m in messages recursive %}{{ loop(messages) }}{% endfor %}",
    "another file": "{% include '/etc/passwd' %}",
    "another template": "{% extends 'x' %}",
    "a method that changes its list": "{{ messages.append(1) }}",
    "an unknown function": "{{ lipsum(99999) }}",
}


@pytest.mark.parametrize("name", TOO_MUCH)
def test_a_template_that_wants_too_much_is_stopped(name: str) -> None:
    with pytest.raises(TemplateLimitError):
        render(TOO_MUCH[name])


@pytest.mark.parametrize(
    "source",
    [
        "{{ ''.__class__.__mro__[1].__subclasses__() }}",
        "{{ namespace.__init__.__globals__ }}",
        "{{ raise_exception.__globals__['json'] }}",
        "{{ messages.__class__.__base__ }}",
        "{{ range.__self__.open('/etc/passwd') }}",
    ],
)
def test_a_template_cannot_reach_into_python(source: str) -> None:
    with pytest.raises((SecurityError, jinja2.UndefinedError, TemplateLimitError)):
        render(source)


@pytest.mark.parametrize("name", ["attr", "format", "center", "pprint", "xmlattr", "batch", "wordwrap"])
def test_filters_outside_the_list_do_not_exist(name: str) -> None:
    with pytest.raises(jinja2.TemplateAssertionError, match=name):
        render(f"{{{{ 'a'|{name}('b') }}}}")


def test_a_template_that_calls_itself_without_end_is_stopped() -> None:
    with pytest.raises((RecursionError, TemplateLimitError)):
        render("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}")


def test_a_template_too_long_is_not_even_read() -> None:
    with pytest.raises(TemplateLimitError, match="characters"):
        SandboxedTemplate("x" * (LONGEST_TEMPLATE + 1))


def test_a_budget_cannot_be_touched_by_the_template() -> None:
    with pytest.raises(TemplateLimitError):
        render("{% set budget = none %}" + TOO_MUCH["a loop in a loop"])


def test_a_template_may_refuse_a_conversation() -> None:
    with pytest.raises(TemplateRaisedError, match="roles must alternate"):
        render("{{ raise_exception('roles must alternate') }}")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("{% for m in messages %}{{ m['role'] ~ ':' ~ m.content }} {% endfor %}", "system:S user:U "),
        ("{{ (messages|selectattr('role', 'equalto', 'user')|list)[0].content }}", "U"),
        ("{{ messages|map(attribute='role')|join(', ') }}", "system, user"),
        ("{% for m in messages if m.role == 'user' %}{{ loop.index0 }}{{ loop.last }}{% endfor %}", "0True"),
        ("{% for m in messages %}{{ m.role }}{% break %}{% endfor %}", "system"),
        (
            "{% set ns = namespace(n=0) %}{% for m in messages %}{% set ns.n = 1 %}{% endfor %}{{ ns.n }}",
            "1",
        ),
        ("{% macro turn(m) %}<{{ m.role }}>{% endmacro %}{{ turn(messages[1]) }}", "<user>"),
        ("{{ ' a-b '.strip().split('-')[-1] ~ ('x'|upper) ~ (messages|length) }}", "bX2"),
        ("{% if (messages[0].role == 'user') != (0 % 2 == 0) %}odd{% endif %}", "odd"),
        ("{{ {'a': 'é'}|tojson }}{{ [1, 2]|last }}{{ missing|default('d') }}", '{"a": "é"}2d'),
        ("{%- for m in messages[1:] -%}  {{ m.content | trim }}  {%- endfor -%}", "U"),
        ("{% if tools is not defined and messages is iterable %}yes{% endif %}", "yes"),
        ("{{ 'a\nb'|indent(2) }}{{ '-' * 3 }}", "a\n  b---"),
        ("{{ 'abcabc'.replace('b', 'x') }}{{ ', '.join(['1', '2']) }}", "axcaxc1, 2"),
    ],
)
def test_what_real_templates_do_works(source: str, text: str) -> None:
    assert render(source) == text
