"""From a structured turn to tokens, with its trace."""
