"""Retention: what is removed when its time is over, by class of data, region and tier."""
