"""Intents taught by examples: which of them a message has, how sure that is, and whether it is none of them."""
