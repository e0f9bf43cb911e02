"""What Prometheus reads at /metrics. Labels are few and fixed: no ids, no text."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from memory.turns import Committed, Outcome

TURNS = Counter("frontdesk_turns_total", "Turns by route and outcome", ["route", "status"])
TURN_SECONDS = Histogram("frontdesk_turn_seconds", "Wall time of the graph's nodes in a turn", ["route"])
NODE_SECONDS = Histogram("frontdesk_node_seconds", "Wall time of each node", ["node"])
HANDOFFS = Counter("frontdesk_handoffs_total", "Handovers to people by reason", ["code"])
RECEIVED = Counter("frontdesk_received_total", "Inbound messages by channel", ["channel", "duplicate"])
SENDS = Counter("frontdesk_sends_total", "Sends by channel and outcome", ["channel", "status"])
REPORTS = Counter("frontdesk_reports_total", "Delivery reports by inbox and what they say", ["inbox", "state"])
SOCKETS = Gauge("frontdesk_sockets", "Open chat websockets")
SLA_REPLIES = Counter("frontdesk_sla_replies_total", "Replies of people by whether they were in time", ["kept"])
SLA_LATE = Gauge("frontdesk_sla_late", "Customers who wait for a person longer than promised", ["priority"])
SUMMARIES = Counter("frontdesk_summaries_total", "Pieces of summaries by what became of a model's words", ["result"])
LOOK_UPS = Counter("frontdesk_look_ups_total", "Look-ups asked of your own systems by outcome", ["name", "state"])
LOOK_UP_SECONDS = Histogram("frontdesk_look_up_seconds", "Wall time of each look-up that was asked", ["name"])
TOKENS = Counter("frontdesk_model_tokens_total", "Model tokens by direction", ["direction"])


def turn(outcome: Outcome, done: Committed) -> None:
    """Counts one turn that ended."""
    TURNS.labels(outcome.route, done.status).inc()
    timings = outcome.record.get("timings_ms", {})
    TURN_SECONDS.labels(outcome.route).observe(sum(timings.values()) / 1000)
    for node, ms in timings.items():
        NODE_SECONDS.labels(node).observe(ms / 1000)
    if outcome.handoff and done.status == "committed":
        HANDOFFS.labels(outcome.handoff["code"]).inc()
    if draft := outcome.record.get("draft"):
        TOKENS.labels("in").inc(draft["tokens_in"])
        TOKENS.labels("out").inc(draft["tokens_out"])
