"""Who is connected, what they do, who waits for whom, and how to end it."""
