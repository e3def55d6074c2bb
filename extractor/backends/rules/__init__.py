"""Offline rules: no network, no key, no download. The default backend, and the baseline of every model."""
