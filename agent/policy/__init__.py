"""Rules as data: what a turn may do, before anything is generated and after. `rules.toml` beside this file ships; an
organisation's own file changes and extends it. `engine.py` judges, `loading.py` reads, `facts.py` says what rules may
look at, `docs/policy.md` tells people."""
