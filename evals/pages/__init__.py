"""Pages to look at: one file each, with nothing to fetch, made from a suite's report and rows."""
