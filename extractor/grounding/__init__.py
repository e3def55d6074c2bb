"""Drafts → records with spans, or rejections: nothing is reported that does not stand in the article."""
