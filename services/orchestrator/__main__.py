"""``python -m services.orchestrator``"""

from services.orchestrator.server import SPEC
from services.runtime.main import main

main(SPEC)
