"""JSON over HTTP and the event stream."""
