from collections.abc import Sequence

from numpy import bool_, float32, float64, int64, uint32
from numpy.typing import NDArray

from services.memory.postings.arrays import Postings

def weigh(
    parts: Sequence[Postings], wanted: NDArray[uint32], size: int, all_rows: int
) -> tuple[NDArray[float64], int]: ...
def best(
    parts: Sequence[Postings],
    wanted: NDArray[uint32],
    heights: NDArray[float64],
    base: float,
    unit: float,
    size: int,
    allowed: NDArray[bool_] | None,
    limit: int,
) -> tuple[NDArray[int64], NDArray[float32]]: ...
