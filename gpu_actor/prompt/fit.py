"""Makes a prompt fit: what is given up, and in which order.

First lore that asks for it (`@@ignore_on_max_context`), then example dialogues, the last one first, then the
oldest messages, and at the very last the summary of those before them. A talk that exceeds the context loses
messages at every turn, and all that comes after them would be computed anew each time. So a few more go at
once, and the prompt begins alike for some turns: the first message that stays is at a multiple of a power of
two, which is a quarter of the messages that would fit at most.
"""

from actors.messages.reply_causes import sentence_of
from gpu_actor.prompt.pieces import Pieces


class PromptTooLongError(Exception):
    """Even without examples and old messages the prompt exceeds the context: the card or the last message
    is too long for this model. Shorten it, or raise `engine.context` where the model allows.
    """


def give_up(pieces: Pieces, count: int, budget: int) -> None:
    """Of a prompt of `count` tokens leave out what is over the budget: at least one piece, and not one
    more than needed (the next count decides about the rest).
    """
    written = sum(piece.tokens for piece in pieces.kept())
    frame = -(-(count - written) // (len(pieces.history) + 1))  # what a message costs beside its text
    excess, before = count - budget, len(pieces.dropped)
    while excess > 0:
        if pieces.expendable:
            piece, saved = pieces.drop_expendable(), 0
        elif pieces.examples:
            piece, saved = pieces.examples.pop(), 0
        elif len(pieces.history) > 1:
            piece, saved = pieces.history.pop(0).piece, frame
            pieces.cut = True
        elif pieces.summary:
            piece, saved = pieces.summary.pop(), 0
        elif len(pieces.dropped) > before:
            return
        else:
            raise PromptTooLongError(sentence_of("too_long", excess, budget))
        pieces.dropped.append(piece)
        excess -= piece.tokens + saved


def round_off(pieces: Pieces) -> bool:
    """Where messages had to go, let a few more go (see above); False where none has to any more."""
    quarter = len(pieces.history) // 4
    if not quarter or pieces.rounded or not (pieces.cut or pieces.unread):
        return False
    pieces.rounded = True
    step = 1 << (quarter.bit_length() - 1)
    first = pieces.history[0].piece.place
    goal = -(-first // step) * step
    gone = [said.piece for said in pieces.history if said.piece.place < goal]
    pieces.history = pieces.history[len(gone) :]
    pieces.dropped += gone
    return bool(gone)
