"""Tokens and money."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from langchain_core.messages import BaseMessage
from langchain_core.messages.ai import UsageMetadata

CountTokens = Callable[[str], int]

# OpenAI's chat format spends about four tokens on a message's role and delimiters.
_TOKENS_A_MESSAGE = 4


@dataclass(frozen=True, slots=True)
class Usage:
    """What one call used. `estimated` when the server did not say."""

    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = False

    def cost(self, price_in: float, price_out: float) -> float:
        """In the currency of the prices, which are per million tokens."""
        return (self.tokens_in * price_in + self.tokens_out * price_out) / 1_000_000

    def metadata(self) -> UsageMetadata:
        return UsageMetadata(
            input_tokens=self.tokens_in,
            output_tokens=self.tokens_out,
            total_tokens=self.tokens_in + self.tokens_out,
        )


def about(text: str) -> int:
    """Roughly how many tokens a text is: four bytes each, as OpenAI's guide has it for English; more for others."""
    return -(-len(text.encode("utf-8", "surrogatepass")) // 4)


def prompt_tokens(messages: Sequence[BaseMessage], count: CountTokens) -> int:
    return sum(count(str(message.text)) + _TOKENS_A_MESSAGE for message in messages)
