"""What holds for the tests of the client."""

import functools

import typer.testing

# To build the tree of commands takes longer than to run most of them, and ``invoke`` builds it each time.
typer.testing._get_command = functools.cache(typer.testing._get_command)
