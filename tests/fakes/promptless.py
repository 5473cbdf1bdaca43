"""What an engine of a bench says that makes no prompts at all."""

from actors.character.lore_scene import LoreLimits
from actors.messages.generation import PromptReport
from actors.messages.preview import CountTokens, PreviewPrompt, PromptPreviewed, TokensCounted

WHY = "This engine makes no prompts."


class Promptless:
    """The part of gpu_actor.executor.Executor that is about prompts."""

    def limit_lore(self, limits: LoreLimits) -> None:
        """It reads no lore."""

    def preview(self, message: PreviewPrompt) -> PromptPreviewed:
        return PromptPreviewed(message.id, PromptReport((), 0, 0, 0), why=WHY)

    def count(self, message: CountTokens) -> TokensCounted:
        return TokensCounted(message.id, (), why=WHY)
