"""``python -m services.ledger``"""

from services.ledger.server import SPEC
from services.runtime.main import main

main(SPEC)
