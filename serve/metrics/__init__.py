"""What the copies count, and how Prometheus reads it."""
