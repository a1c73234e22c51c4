"""Widgets that people touch: forms, a mask painter, the board. They know sessions and sweeps, and no HTTP."""
