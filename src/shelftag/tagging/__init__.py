"""From names to tags: scorer, calibration, Tagger."""
