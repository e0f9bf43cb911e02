"""How replies leave: one module per provider, all of them `ports.Provider` by shape."""
