"""Prompts: the templates in `prompts/`, few-shot examples, and the pure function that makes one from a chunk."""
