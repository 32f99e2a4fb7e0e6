"""What the pages show of the failover: the host's mode, what waits in its journals, both sides of each document."""
