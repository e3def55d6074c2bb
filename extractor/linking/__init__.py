"""Records of chunks → the records of an article: one record a thing, sources resolved, marks accounted for."""
