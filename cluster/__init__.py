"""Where it runs: starting or joining a Ray cluster."""
