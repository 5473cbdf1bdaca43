"""Lead: the speaker's name before a reply in a group, which is no part of what is said.

Where the prompt ends with the name, a space follows it that nobody wants; where it does not, the model writes
the name itself, as the messages before have it. What may become the name is held back until it is clear.
"""


class Lead:
    """`mark` is the name as it stands before a message; "" takes nothing off. Pure function of the text."""

    def __init__(self, mark: str) -> None:
        self.mark = mark
        self.held = ""
        self.over = not mark

    def take(self, text: str) -> str:
        """What of the reply is certain with this text."""
        if self.over:
            return text
        self.held += text
        begun = self.held.lstrip()
        if begun.startswith(self.mark):
            begun = begun[len(self.mark) :].lstrip()
        elif self.mark.startswith(begun):
            return ""
        if not begun:
            return ""
        self.held, self.over = "", True
        return begun

    def rest(self) -> str:
        """The reply is over: what was held back is all of it, unless it is the name alone."""
        begun = self.held.strip()
        self.held, self.over = "", True
        return "" if begun == self.mark else begun
