"""Products, departments and the split: what is learned from and what is kept apart."""
