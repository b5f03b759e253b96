"""What an operator copies: configuration, rights, service units and proxy settings."""
