"""What `samovar bench chat` finds, and how it prints it."""

from msgspec import Struct

from tests.bench.percentiles import Percentiles

SLOW_MS = 50.0  # a frame that long is seen as a jerk


class Frames(Struct, frozen=True):
    """Of one stretch of time. `dropped`: frames that were due and not drawn, of 60 a second; `slow`: those of
    over 50 ms. `work_ms`: processor time of the page's thread for each frame, which no other work on the
    machine changes.
    """

    frames: int
    ms: Percentiles
    longest_ms: float
    dropped: int
    slow: int
    work_ms: float


class PageSize(Struct, frozen=True):
    """After a collection of garbage."""

    heap_mb: float
    nodes: int


class ChatFigures(Struct, frozen=True):
    """What a long conversation costs where it is read, and on its server.

    open_first_ms   from the click to the last message drawn; the server has it not in memory
    open_again_ms   the same, median of further openings, each in a page that was loaded anew
    key_ms          from a key in the composer to the frame that shows it
    search_ms       from the last letter of a word to the hits, with the page's own pause in it
    jump_ms         from the click on a hit near the beginning until it is in view; the page has the end alone
    rest            frames of the page while nothing is done: what the machine gives
    scroll_up       from the end, older messages are fetched meanwhile
    to_start_ms     from there to the first message, as fast as the page can
    scroll_down     from the first message, everything is in the page
    stream          while a reply is written, everything is in the page
    """

    messages: int
    beside: int
    open_first_ms: float
    open_again_ms: float
    key_ms: Percentiles
    search_ms: float
    jump_ms: float
    rest: Frames
    scroll_up: Frames
    to_start_ms: float
    scroll_down: Frames
    stream: Frames
    page_opened: PageSize
    page_whole: PageSize
    web_mb_before: float
    web_mb_after: float
    cores: int
    load_before: float


def table(found: ChatFigures) -> str:
    def of(one: Frames) -> str:
        return (
            f"p50 {one.ms.p50:g} ms, p99 {one.ms.p99:g} ms, longest {one.longest_ms:g} ms, "
            f"{one.slow} over 50 ms, {one.dropped} of {one.frames + one.dropped} dropped; "
            f"{one.work_ms:g} ms of work each"
        )

    opened, whole = found.page_opened, found.page_whole
    return "\n".join(
        [
            f"{found.messages} messages, {found.beside} more beside them",
            f"click to readable      {found.open_first_ms:g} ms at first, then {found.open_again_ms:g} ms",
            f"a key in the composer  p50 {found.key_ms.p50:g} ms, p99 {found.key_ms.p99:g} ms",
            f"search to hits         {found.search_ms:g} ms",
            f"jump to an old hit     {found.jump_ms:g} ms",
            f"frames at rest         {of(found.rest)}",
            f"frames, scrolling up   {of(found.scroll_up)}",
            f"to the first message   {found.to_start_ms:g} ms",
            f"frames, scrolling down {of(found.scroll_down)}",
            f"frames, reply written  {of(found.stream)}",
            f"the page, opened       {opened.heap_mb:g} MB of heap, {opened.nodes} nodes",
            f"the page, all read     {whole.heap_mb:g} MB of heap, {whole.nodes} nodes",
            f"web process            {found.web_mb_before:g} MB before, {found.web_mb_after:g} MB after",
        ]
    )
