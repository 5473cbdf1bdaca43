"""Files that strangers made and that are no cards and no lorebooks: read in a limited process."""
