"""The edge: Quart app, WebSocket lifetime, browser protocol, accounts."""
