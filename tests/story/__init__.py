"""Whole conversations, played through the services."""
