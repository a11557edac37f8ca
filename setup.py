"""What is compiled where there is a C compiler; everything else about the package stands in pyproject.toml."""

from setuptools import Extension, setup

setup(
    ext_modules=[
        Extension("services.memory.scoring.compiled", ["services/memory/scoring/compiled.pyx"], optional=True)
    ]
)
