"""The ``pmm`` command."""

from pmm_client.cli.app import main

__all__ = ["main"]
