"""What is compiled where there is a C compiler; everything else about the package stands in pyproject.toml."""

from glob import glob

from setuptools import Extension, setup

COMPILED = (
    "services.ledger.stored.compiled",
    "services.memory.postings.compiled",
    "services.memory.products.compiled",
    "services.memory.scoring.compiled",
)

SHARED = glob("services/**/*.pxd", recursive=True)
"""What these include; a source distribution needs it as well."""

setup(
    ext_modules=[
        Extension(name, [name.replace(".", "/") + ".pyx"], depends=SHARED, optional=True) for name in COMPILED
    ]
)
