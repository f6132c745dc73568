"""What to offer to whom, when it is welcome, and what another policy would have earned."""
