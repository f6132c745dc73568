"""People's messages: who said what, who is in control, and the fence that keeps the assistant from speaking over a person."""
