"""A model's stream into sentences, and its `[n]` markers into citations. Pure."""

from agent.guardrails.grounding import SentenceSplitter, cite

__all__ = ["SentenceSplitter", "cite"]
