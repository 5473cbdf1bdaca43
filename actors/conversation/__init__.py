"""The parts of a session, pure: its tree, its live reply, its commits, what people ask of it."""
