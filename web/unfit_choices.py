"""What personas, presets and choices may hold, checked where they come in."""

from actors.conversation.chosen import sampled
from actors.messages.choices import Choices, ReplySettings
from actors.messages.generation import Sampling
from actors.sampling_limits import unfit_sampling
from web.refusal import RefusedError

NAME = 100
DESCRIPTION = 20_000
TEXT = 20_000
DEEPEST = 10_000  # messages
RAREST = 10_000  # messages of the user


def name_of(text: str) -> str:
    """Raises RefusedError."""
    name = " ".join(text.split())
    if not 1 <= len(name) <= NAME or not name.isprintable():
        raise RefusedError(400, "name", f"The name must have 1 to {NAME} characters.", limit=NAME)
    return name


def description_of(text: str) -> str:
    """Raises RefusedError."""
    return fitting(text.strip(), DESCRIPTION)


def fitting(text: str, limit: int = TEXT) -> str:
    if len(text) > limit:
        raise RefusedError(400, "text", f"A text may have {limit} characters: shorten it.", limit=limit)
    return text


def check_settings(settings: ReplySettings) -> None:
    """Raises RefusedError."""
    why = unfit_sampling(sampled(settings, (), Sampling()))
    if why:
        raise RefusedError(400, "setting", why)


def check_choices(choices: Choices) -> None:
    """Raises RefusedError."""
    if choices.note is not None:
        fitting(choices.note.text)
        if not (0 <= choices.note.depth <= DEEPEST and 0 <= choices.note.every <= RAREST):
            raise RefusedError(400, "setting", "The note's depth or interval is out of range.")
    fitting(choices.system_prompt or "")
    fitting(choices.post_history_instructions or "")
    if choices.replies is not None:
        check_settings(choices.replies)
