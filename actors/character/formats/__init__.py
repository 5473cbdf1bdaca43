"""Files of cards and lorebooks: read within limits, told what is odd, written back with nothing lost."""
