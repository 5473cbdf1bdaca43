"""Moving in: a whole data folder of SillyTavern comes in, file by file, with a report."""
