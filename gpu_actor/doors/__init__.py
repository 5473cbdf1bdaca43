"""Doors to other engines: llama.cpp inside this process, and servers that already run on the machine."""
