"""``python -m services.inference``"""

from services.inference.server import SPEC
from services.runtime.main import main

main(SPEC)
