"""What is counted of one article, a file a kind: names of metrics with their counts, and what came of each item."""
