"""Article → Chunks: sentences, quotation marks, chunks with their context, and text out of HTML."""
