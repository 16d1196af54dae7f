"""Owns what customers see: themes, the sandbox they render in, and the frozen views they are given. Refuses HTTP."""
