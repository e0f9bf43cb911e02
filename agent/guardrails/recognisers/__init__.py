"""Recognisers of our own: one file for each kind of thing, a trained tagger, and the engine that asks them.

Each `find_…(text)` is pure and returns spans that may overlap; `settle` decides between them.
"""
