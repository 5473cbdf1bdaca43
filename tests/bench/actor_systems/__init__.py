"""`samovar bench actors`: the mailbox runtime beside other actor systems for Python, in one run."""
