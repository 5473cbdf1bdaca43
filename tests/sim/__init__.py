"""The simulator: the production actors, codec and runtime, under a virtual clock and a faulty network."""
