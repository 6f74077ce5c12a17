"""Bulk jobs on the cluster, started over HTTP."""
