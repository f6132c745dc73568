"""Applications. None knows another; they see only sdk and kit."""
