"""Inner products of a query with vectors that lie in one piece, in full or half precision.

``compiled.pyx`` is what runs wherever PMM was installed beside a C compiler. ``plain.py`` says the same in numpy, and
is what the other is tested against.
"""

from __future__ import annotations

try:
    from services.memory.products import compiled as chosen

    is_compiled = True
except ImportError:
    from services.memory.products import plain as chosen

    is_compiled = False

products = chosen.products
