"""How XLA is set up and driven."""
