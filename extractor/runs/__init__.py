"""Many articles: read as they come, written as they are done, taken up again where a run was stopped."""
