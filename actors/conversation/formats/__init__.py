"""Files that conversations come in and go out as: pure readers and writers of text."""
