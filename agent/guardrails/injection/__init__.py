"""Whether a text tries to steer the assistant instead of asking it something: see `judge` for the verdicts."""

from agent.guardrails.injection.judge import judge_passage as judge_passage
from agent.guardrails.injection.judge import judge_text as judge_text
from agent.guardrails.injection.judge import judge_texts as judge_texts
