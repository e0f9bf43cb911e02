"""Thresholds with a guarantee, chosen on labelled rows of one's own."""
