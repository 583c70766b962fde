"""Tests of the whole program: real HTTP to simulated gateways, a real bus, a real client."""
