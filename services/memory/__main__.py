"""``python -m services.memory``"""

from services.memory.server import SPEC
from services.runtime.main import main

main(SPEC)
