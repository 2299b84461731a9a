"""Training: the pure steps, the loop around them, and what feeds it."""
