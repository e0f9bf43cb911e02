"""What providers send, as `memory.messages.Inbound`: one pure module per provider, raising only BadPayload."""
