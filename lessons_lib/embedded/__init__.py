"""What makes every lesson run with no network: sentence pairs, and a metric."""
