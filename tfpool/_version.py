"""The version of tfpool."""

__version__ = "0.1.0"
