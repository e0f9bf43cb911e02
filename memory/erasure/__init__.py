"""Erasing a person: the key first, then every row, vector and file, and a certificate made by looking for what was
known of them in every store."""
