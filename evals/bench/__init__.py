"""What it costs: CPU of a turn beside bare LangGraph, and of an ingest beside the bare embedder. `make bench`."""
