"""The index of words: which messages and titles a word stands in, without the words."""
