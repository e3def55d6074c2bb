"""Chunks → drafts: by a language model, or by rules."""
