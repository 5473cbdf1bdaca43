"""The actor system: knows no web, no GPU, no database."""
