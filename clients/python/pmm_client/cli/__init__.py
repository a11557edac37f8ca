"""The ``pmm`` command."""

import os

# gRPC writes to standard error why a connection failed or was closed, which is for us to say in our own words.
os.environ.setdefault("GRPC_VERBOSITY", "NONE")

from pmm_client.cli.app import main

__all__ = ["main"]
