"""The verbs: Ray Data and Ray Train graphs, one file a verb, read top to bottom."""
