"""A PC at home (Windows 11) with the gpu role: what stands on it, and how it comes there."""
