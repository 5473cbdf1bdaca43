"""Settings of the actors: one frozen object an actor, composed once by the supervisor."""

from typing import Annotated

from msgspec import Meta, Struct

from actors.messages.generation import Sampling


class MailboxSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The in-process runtime."""

    mailbox_limit: int = 10_000  # messages one actor may have waiting; further ones are set aside
    turn: int = 64  # messages one actor handles before another gets its turn
    redeliveries: int = 1  # times a message that raised is tried again before it is set aside
    restarts: int = 5  # restarts of one actor within restart_period_s before it is parked
    restart_period_s: float = 10.0
    park_s: float = 30.0  # how long a parked actor rests before it is tried again
    load_timeout_s: float = 10.0  # a waking actor asks the archive again after this long
    dead_letters: int = 200  # how many messages that were set aside are kept for a look


class SessionSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """One conversation."""

    idle_s: float = 300.0  # a session with nothing to do leaves memory after this long
    probe_s: float = 1.0  # silence of a live reply after which the worker is asked again
    submit_s: float = 30.0  # a reply that waits is asked for again after this long
    gap_s: float = 0.05  # how long a gap may last before the worker is asked to send again
    commit_timeout_s: float = 15.0  # no answer from the archive: start anew from what is durable
    commit_retry_s: float = 1.0  # pause before a failed write is tried again
    ack_s: float = 0.25  # the worker is told what is durable this often, while tokens come …
    ack_tokens: Annotated[int, Meta(ge=1, le=16)] = 8  # … and after so many of them at the latest
    chunk_tokens: int = 256  # most tokens in one commit
    text_limit: int = 32_000  # characters in one message of a person
    history_limit: int = 4_000  # newest messages that travel with a turn; the worker trims to its context
    history_chars: int = 1_000_000  # … and at most so many characters of them: a frame has its limit
    lore_bytes: int = 4_000_000  # lorebooks of a reply beside the card's own; further ones stay out
    group_members: int = 16  # of one conversation
    group_round: int = 8  # most replies to one message of a person, where members answer one after another
    page_messages: int = 60  # newest messages of the path that a page gets when it opens …
    page_chars: int = 200_000  # … and at most so many characters of them, about
    older_messages: int = 400  # most older messages that it gets when it asks for them
    older_chars: int = 400_000
    queued_commands: int = 32  # writes that may wait behind the one under way; further ones are refused
    # -- in idle time
    titles: bool = True  # the model gives conversations a title after the first reply
    summaries: bool = True  # … and writes a summary of the oldest messages before the context overflows
    background_pause_s: float = 3.0  # nothing is asked for before a conversation has been quiet for so long
    background_retry_s: float = 600.0  # longest pause before it is asked for again, where nobody makes it
    background_tries: int = 3  # what could not be used so often is asked for no more
    summary_tokens: int = 400  # most of a summary
    summary_chars: int = 8_000  # … that a person writes
    summary_at: float = 0.7  # the next one is due when messages fill this share of their room in the context
    summary_keep: float = 0.4  # … and leaves so much of it to the newest
    preset: str = "balanced"  # how replies are sampled: greedy, precise, steady, balanced, creative
    sampling: Sampling = Sampling()  # what differs from the preset


class QueueSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Waiting replies and leases."""

    max_waiting: int = 64  # replies that may wait; further ones are refused in clear words
    silence_s: float = 1.0  # a worker not heard for this long is shown as away
    rest_s: float = 5.0  # longest rest of a worker that loses one reply after another
    lease_s: float = 60.0  # a lease of a worker away for this long may go to another one
    give_up_s: float = 1800.0  # no worker for this long: the reply ends with what it has
    tick_s: float = 0.25  # how often the above are checked
    places_pause_s: float = 0.25  # who waits is told of a new place no more often than this
    commit_timeout_s: float = 15.0  # no answer from the archive: start anew from the rows
    audit_s: float = 5.0  # how often the sessions are asked whether their replies still live
    commit_retry_s: float = 1.0
    # -- one user; 0: no limit but those above
    user_running: int = 0  # replies at once; further ones wait, and let others pass
    user_waiting: int = 16  # replies that may wait; further ones are refused in clear words
    user_tokens_a_day: int = 0  # tokens written for a user in a day of UTC; then none until the next
    # -- fair shares
    prompt_token_cost: float = 0.1  # what a token of the prompt counts, where one of the reply counts 1
    measured_users: int = 1_000  # users whose usual length of a reply is remembered
    # -- several boxes
    warm_wait_s: float = 1.0  # a reply waits so long for the box that has its conversation in the cache
    warm_conversations: int = 1_000  # conversations of which is remembered who served them last
    # -- in idle time
    background_waiting: int = 64  # titles and summaries that may wait for a box with nothing else to do
    background_s: float = 600.0  # one that takes longer is ended


class PreviewSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Prompts that are shown and not answered, and texts whose tokens are counted."""

    most: int = 8  # under way at once
    user: int = 2  # … of one user
    deadline_s: float = 8.0  # a box that has not answered by then is not waited for: there is an estimate
    watch_s: float = 2.0  # how often the queue is asked who its boxes are


class ArchiveSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Group commit."""

    batch_writes: int = 256  # most writes in one transaction
    waiting_writes: int = 20_000  # writes that may wait; further commits fail at once
    queries: int = 1_000  # queries under way at once
    mail_lost_s: float = 1.0  # its own word, lost by a full mailbox, is said again after this long
    storage_timeout_s: float = 10.0  # no answer from the database for this long: it counts as failed


class BoxesSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The GPU boxes that a web node lets in."""

    offer_s: float = 600.0  # how long a join string holds
    guesses: int = 3  # unknown keys that may knock while one is open; with this many it is withdrawn
    most: int = 256  # boxes on the list, revoked ones included
    addresses: tuple[str, ...] = ()  # HOST or HOST:PORT by which boxes reach this node; (): found out
    seen_s: float = 60.0  # how often it is written down when a box was last heard
    rotation_days: float = 7.0  # a box that stays away longer misses a change of the server's key
    cut_s: float = 1.0  # a revoked box that still speaks after this long has its connection cut


class LinkSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """The GPU box's end of the link."""

    window: Annotated[int, Meta(ge=16)] = 64  # tokens of one reply that may be on their way, unacknowledged
    ring: int = 4_096  # tokens of one reply that the engine may be ahead of the acknowledgement
    ping_s: float = 0.25
    silence_s: float = 1.0  # nothing heard from the web node for this long: dial anew
    patience_s: float = 10.0  # longest wait before dialling once more, while dialling is in vain
    hello_s: float = 1.0  # pause between two greetings while none is answered
    resume_s: float = 0.2  # what was sent again is not sent once more within this time
    nudge_s: float = 1.0  # an unacknowledged frame is sent again after this long
    forgotten_s: float = 30.0  # no word about a reply for this long: is it still wanted?
    generations: int = 64  # replies in hand at once; the queue never gives more than the slots
    sheets: int = 64  # character versions kept
    book_bytes: int = 64_000_000  # lorebooks kept


class GpuSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """Scheduling on the GPU box."""

    prefill_chunk: int = 256  # most prompt tokens computed in one step
    least_chunk: int = 16  # … and fewest: where the machine is too slow for the times below, they give way
    token_gap_ms: float = 200.0  # longest gap between two tokens of a live stream for the sake of a prompt
    step_ms: float = 1_000.0  # longest step while no stream is live: a cancel or a new reply waits for it
    most_passed: int = 4  # the shortest prompt goes first, but none is passed over more often than this
    hello_s: float = 0.5  # pause between two greetings of the engine while the link answers none
    previews: int = 16  # prompts to show and texts to count that may wait
