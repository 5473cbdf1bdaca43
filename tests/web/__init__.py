"""Tests of the edge: a real server, real sockets, the real actors; mostly a storage in memory."""
