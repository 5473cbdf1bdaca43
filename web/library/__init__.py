"""The library: characters that people bring, and how they leave again."""
