"""`samovar bench edge`: what Samovar adds to the engine, measured from outside, at the readers."""
