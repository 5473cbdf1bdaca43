"""What leaves the process: the envelope, the sockets, the reliable stream."""
