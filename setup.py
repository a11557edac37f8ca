"""What is compiled where there is a C compiler; everything else about the package stands in pyproject.toml."""

from setuptools import Extension, setup

COMPILED = (
    "services.ledger.stored.compiled",
    "services.memory.postings.compiled",
    "services.memory.products.compiled",
    "services.memory.scoring.compiled",
)

setup(ext_modules=[Extension(name, [name.replace(".", "/") + ".pyx"], optional=True) for name in COMPILED])
