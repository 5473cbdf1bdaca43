"""The commands of `samovar`, a file each: `add` declares the arguments, `run` does it."""
