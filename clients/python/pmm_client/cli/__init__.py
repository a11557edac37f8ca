"""The ``pmm`` command."""

import os

# gRPC writes to standard error that a connection was closed, which is for us to say in our own words.
os.environ.setdefault("GRPC_VERBOSITY", "ERROR")

from pmm_client.cli.app import main

__all__ = ["main"]
