"""Characters: macros of the card formats, pure; and the character actor."""
