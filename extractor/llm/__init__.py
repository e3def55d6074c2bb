"""A prompt → a model's reply → checked drafts: clients, retries, limits, validation and repair."""
