"""Scoring against gold: what was found, how well, how surely, and whether one system is better than another."""
