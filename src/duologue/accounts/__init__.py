"""Who may do what: workspaces, members, roles, sessions."""
