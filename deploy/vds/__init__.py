"""A rented server (Debian, Ubuntu) with the web role: what stands on it, and how it comes there."""
