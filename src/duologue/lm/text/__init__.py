"""Text as the networks see it: tokens, chat formats, what is cleaned and what is shown as an example."""
