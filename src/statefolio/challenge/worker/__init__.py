"""The scorers: processes that take submissions from the queue and score them in children with limits."""
