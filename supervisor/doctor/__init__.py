"""`samovar doctor`: names each thing to check on this machine, and what to do about it."""
