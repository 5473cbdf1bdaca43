"""The browser protocol, version 1: frames of the socket, and JSON bodies of REST under /api.

Prose: ../PROTOCOL.md. web/ui/src/wire/protocol.ts is generated from these files (`python -m web.typescript`).
"""
