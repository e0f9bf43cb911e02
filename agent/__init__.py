"""How it thinks: the graph, its nodes, guardrails, the model gateway and the runtime around them."""
