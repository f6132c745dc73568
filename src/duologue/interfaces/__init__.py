"""The faces: web, api, cli. None knows another."""
