"""Use cases, one verb each; the only floor that commits."""
