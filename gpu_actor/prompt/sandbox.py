"""Sandbox: renders a chat template, which came out of a stranger's file, within limits.

The door to `jinja2`. Its immutable sandbox keeps a template from reaching Python or changing
its input, but not from eating time and memory, so on top of it

- only the filters, methods and functions listed here exist;
- loops, calls, filters and operators count as steps, with a limit and a deadline;
- every text or list that is made is weighed before or while it is made.

Everything a template can do is therefore a bounded number of bounded operations.
"""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any, cast

import jinja2
from jinja2 import nodes
from jinja2.ext import LoopControlExtension
from jinja2.filters import FILTERS
from jinja2.runtime import Context, LoopContext, Macro
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import Namespace, pass_context
from jinja2.visitor import NodeTransformer

LONGEST_TEMPLATE = 1 << 17  # characters; the longest seen have below 2^15
LARGEST_VALUE = 1 << 20  # characters and elements of any one value, and of the rendered text
MOST_STEPS = 200_000
DEADLINE_S = 2.0
MOST_BITS = 128  # of a whole number
MOST_INDENT = 64

BUDGET = " budget"  # a name that no template can write


class TemplateLimitError(Exception):
    """The template wanted more time, memory or reach than it is given."""


class TemplateRaisedError(Exception):
    """The template itself refused the conversation (`raise_exception`)."""


class Budget:
    """Steps and time that one rendering may take."""

    def __init__(self) -> None:
        self.steps = 0
        # Of this thread's own working time: how busy the machine is has no say in what is rendered.
        self.deadline = time.thread_time() + DEADLINE_S

    def step(self) -> None:
        self.steps += 1
        if self.steps > MOST_STEPS or time.thread_time() > self.deadline:
            raise TemplateLimitError("it runs for too long")


def weigh(value: Any) -> Any:
    """The value itself, if it is not too large; nested values count each time they appear."""
    weight = 0
    waiting = [value]
    while waiting:
        each = waiting.pop()
        weight += 1
        if isinstance(each, str):
            weight += len(each)
        elif isinstance(each, list | tuple):
            waiting += each
        elif isinstance(each, dict):
            waiting += each.keys()
            waiting += each.values()
        elif isinstance(each, Namespace):
            waiting.append(object.__getattribute__(each, "_Namespace__attrs"))
        elif isinstance(each, int) and each.bit_length() > MOST_BITS:
            raise TemplateLimitError("it makes too large a number")
        if weight + len(waiting) > LARGEST_VALUE:
            raise TemplateLimitError("it makes too large a text or list")
    return value


def gather(items: Iterable[Any]) -> list[Any]:
    """A list of the items, weighed while it grows."""
    gathered: list[Any] = []
    weight = 0
    for item in items:
        weight += 1 + (len(item) if isinstance(item, str) else 0)
        if weight > LARGEST_VALUE:
            raise TemplateLimitError("it makes too large a list")
        gathered.append(item)
    return weigh(gathered)


def concatenate(items: Iterable[Any]) -> str:
    return "".join(gather(str(weigh(item)) for item in items))


# -- filters --------------------------------------------------------------------------------------


def replace(text: Any, old: str, new: str, count: int = -1) -> str:
    text = str(weigh(text))
    found = text.count(old) if count < 0 else min(count, text.count(old))
    if len(text) + found * (len(new) - len(old)) > LARGEST_VALUE:
        raise TemplateLimitError("it makes too large a text")
    return text.replace(old, new, count)


def join(items: Iterable[Any], separator: str = "", attribute: str | None = None) -> str:
    parts = gather(item if attribute is None else item[attribute] for item in items)
    return concatenate([each for part in parts for each in (separator, part)][1:])


def indent(text: str, width: int = 4, first: bool = False, blank: bool = False) -> str:
    if not 0 <= width <= MOST_INDENT:
        raise TemplateLimitError(f"it indents by {width}")
    lines = weigh(text).splitlines(keepends=True)
    kept = [
        line if (index == 0 and not first) or not (blank or line.strip()) else " " * width + line
        for index, line in enumerate(lines)
    ]
    return concatenate(kept)


def to_json(value: Any, indent: int | None = None) -> str:
    if indent is not None and not 0 <= indent <= 8:
        raise TemplateLimitError(f"it indents by {indent}")
    return json.dumps(weigh(value), ensure_ascii=False, indent=indent)


BOUNDED_FILTERS = (
    "abs",
    "capitalize",
    "count",
    "d",
    "default",
    "dictsort",
    "first",
    "float",
    "int",
    "items",
    "last",
    "length",
    "lower",
    "reverse",
    "round",
    "sort",
    "title",
    "trim",
    "unique",
    "upper",
)
"""Jinja's own filters whose work is in proportion to their input."""

LAZY_FILTERS = ("list", "map", "reject", "rejectattr", "select", "selectattr", "items", "unique", "reverse")
"""Those that may give a generator: it is gathered at once, and weighed."""

OWN_FILTERS: dict[str, Callable[..., Any]] = {
    "indent": indent,
    "join": join,
    "replace": replace,
    "safe": str,
    "string": str,
    "tojson": to_json,
}

METHODS: dict[type, frozenset[str]] = {
    str: frozenset(
        (
            *("capitalize", "count", "endswith", "find", "index", "isalnum", "isalpha", "isdigit", "islower"),
            *("isspace", "isupper", "lower", "lstrip", "removeprefix", "removesuffix", "rfind", "rsplit"),
            *("rstrip", "split", "splitlines", "startswith", "strip", "title", "upper"),
        )
    ),
    dict: frozenset(("get", "items", "keys", "values")),
    list: frozenset(("count", "index")),
    tuple: frozenset(("count", "index")),
}


def limited(inner: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that takes a step and whose argument and result are weighed. Taking the context also
    keeps Jinja from working it out while it compiles, when there is no budget yet.
    """
    wants = getattr(inner, "jinja_pass_arg", None)

    @pass_context
    def call(context: Context, value: Any, *args: Any, **kwargs: Any) -> Any:
        budget_of(context).step()
        weigh(value)
        weigh(args)
        if wants is None:
            result = inner(value, *args, **kwargs)
        else:
            first = {"context": context, "eval_context": context.eval_ctx, "environment": context.environment}
            result = inner(first[wants.name], value, *args, **kwargs)
        return gather(cast("Iterator[Any]", result)) if isinstance(result, Iterator) else weigh(result)

    return call


def budget_of(context: Context) -> Budget:
    return context.parent[BUDGET]


@pass_context
def counted(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """What every loop goes through."""
    budget = budget_of(context)
    for item in items:
        budget.step()
        yield item


# -- the environment ------------------------------------------------------------------------------


class Harness(NodeTransformer):
    """Rewrites a template so that loops, literals and joined texts go through the limits."""

    FORBIDDEN = (nodes.Include, nodes.Import, nodes.FromImport, nodes.Extends, nodes.Block, nodes.FilterBlock)

    def generic_visit(self, node: nodes.Node, *args: Any, **kwargs: Any) -> nodes.Node:
        if isinstance(node, self.FORBIDDEN):
            raise TemplateLimitError(f"it uses {type(node).__name__.lower()}")
        return super().generic_visit(node, *args, **kwargs)

    def visit_For(self, node: nodes.For) -> nodes.Node:  # noqa: N802 - the library's naming
        if node.recursive:
            raise TemplateLimitError("it uses a recursive loop")
        self.generic_visit(node)
        node.iter = through("counted", cast("nodes.Expr", node.iter))
        return node

    def visit_Concat(self, node: nodes.Concat) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return through("concatenated", nodes.List(node.nodes, lineno=node.lineno))

    def visit_List(self, node: nodes.List) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return through("weighed", node)

    def visit_Dict(self, node: nodes.Dict) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return through("weighed", node)

    def visit_Tuple(self, node: nodes.Tuple) -> nodes.Node:  # noqa: N802
        self.generic_visit(node)
        return through("weighed", node) if node.ctx == "load" else node


def through(name: str, node: nodes.Expr) -> nodes.Filter:
    return nodes.Filter(node, f" {name}", [], [], None, None, lineno=node.lineno)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's immutable sandbox with the limits of this module."""

    intercepted_binops = frozenset(("+", "-", "*", "/", "//", "%", "**"))
    concat = staticmethod(concatenate)

    def __init__(self) -> None:
        # White space as the publishers' own tools treat it (transformers.apply_chat_template).
        extensions = [LoopControlExtension]
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=extensions, optimized=False)
        self.finalize = limited(weigh)
        names = {*BOUNDED_FILTERS, *LAZY_FILTERS}
        self.filters = {name: limited(FILTERS[name]) for name in names}
        self.filters |= {name: limited(inner) for name, inner in OWN_FILTERS.items()}
        # Names with a blank: no template can call them itself.
        self.filters[" counted"] = counted
        self.filters[" concatenated"] = limited(concatenate)
        self.filters[" weighed"] = limited(weigh)
        known = {"namespace": Namespace, "range": self.globals["range"], "raise_exception": raise_exception}
        self.globals = known

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        budget_of(context).step()
        weigh((left, right))
        numbers = isinstance(left, int | float) and isinstance(right, int | float)
        if operator == "*" and isinstance(left, str) and isinstance(right, int):
            if len(left) * right > LARGEST_VALUE:
                raise TemplateLimitError("it makes too large a text")
        elif operator == "**" or not (numbers or operator == "+"):
            raise TemplateLimitError(f"it uses {operator} on {type(left).__name__}")
        return weigh(super().call_binop(context, operator, left, right))

    def call(self, context: Context, called: Any, *args: Any, **kwargs: Any) -> Any:  # type: ignore[override]
        budget_of(context).step()
        weigh((args, kwargs))
        return weigh(super().call(context, self.permitted(context, called), *args, **kwargs))

    def permitted(self, context: Context, called: Any) -> Callable[..., Any]:
        given = [*self.globals.values(), context.parent.get("strftime_now")]
        if isinstance(called, Macro) or any(called is each for each in given):
            return called
        owner = getattr(called, "__self__", None)
        name = getattr(called, "__name__", "something unknown")
        if isinstance(owner, LoopContext):
            return called
        if isinstance(owner, str) and name == "replace":
            return partial(replace, owner)
        if isinstance(owner, str) and name == "join":
            return partial(join, separator=owner)
        if name in METHODS.get(cast("type[Any]", type(owner)), ()):
            return called
        raise TemplateLimitError(f"it calls {name}")


def raise_exception(message: Any = "") -> None:
    raise TemplateRaisedError(str(weigh(message)))


class SandboxedTemplate:
    """A template, compiled once. Errors: TemplateLimitError, TemplateRaisedError, jinja2.TemplateError
    and whatever a careless template runs into; the caller treats them all as the template's fault.
    """

    def __init__(self, source: str) -> None:
        if len(source) > LONGEST_TEMPLATE:
            raise TemplateLimitError(f"it has {len(source)} characters")
        sandbox = Sandbox()
        tree: nodes.Template = Harness().visit(sandbox.parse(source))
        self.template = jinja2.Template.from_code(sandbox, sandbox.compile(tree), sandbox.make_globals(None))

    def render(self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]]) -> str:
        return weigh(self.template.render({**values, **functions, BUDGET: Budget()}))
