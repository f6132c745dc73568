"""Database, event feed, durable jobs, blobs. The only package besides repositories that knows SQL."""
