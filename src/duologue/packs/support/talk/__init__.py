"""What happens in a conversation: read, routed, answered, offered, asked, remembered."""
