"""Folding what was said into the summary: where no turn does it, and in a model's words where one is configured."""
