"""What was said and by whom: the conversation log and everything read from it."""
