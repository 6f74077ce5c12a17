"""The tagger over HTTP, on Ray Serve."""
