"""Another provider's export into this desk: help-center articles as knowledge, conversations as labelled transcripts.

`exports` opens what was downloaded, one file a provider reads its records into the `shapes`, `documents` and `labels`
turn those into what the rest of the project takes, and `transcripts` writes them without personal data.
"""
