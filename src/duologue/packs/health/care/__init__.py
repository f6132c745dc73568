"""Who cares for whom, since when and until when."""
