"""Recognisers of our own, on top of the named-entity model: one file for each kind of thing.

Each `find_…(text)` is pure and returns spans that may overlap; `settle` decides between them.
"""
