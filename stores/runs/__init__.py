"""What the commands and the operations of the store do: one run each, which knows how it ended, how to say it, and
what it looks like as JSON."""
