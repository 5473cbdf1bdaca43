"""The simulator: the production actors, codec and runtime in one process, under a virtual clock and a faulty network."""
