"""The fault bench: a real split deployment on loopback, real kills and a bad line, and a checker of its own.

`samovar faults` (supervisor/commands/faults.py) runs it. README.md tells how it measures.
"""
