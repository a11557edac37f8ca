protos:
	buf() { .venv/bin/buf "$$@"; }; buf format -w protos
	.venv/bin/python tools/generate_protos.py
