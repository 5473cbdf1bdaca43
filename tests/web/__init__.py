"""Tests of the edge: a real server on a free port, real sockets, the real actors, a storage in memory."""
