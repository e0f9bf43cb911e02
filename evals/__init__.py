"""How we know it works: suites, transcripts, reports and benchmarks over the same code that runs a turn."""
