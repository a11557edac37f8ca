"""``python -m pmm_client.cli``"""

from pmm_client.cli import main

main()
