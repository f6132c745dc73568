"""Vectors where PostgreSQL can compare them itself (pgvector): beside the rows that are the truth, never in their place."""
