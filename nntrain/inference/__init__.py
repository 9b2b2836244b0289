"""A trained network answers: from a run to predictions, scores and recognized digits."""
