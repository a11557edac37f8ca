from numpy import bool_, float32, float64, int64, uint32
from numpy.typing import NDArray

from services.memory.postings.arrays import Postings

def holders(postings: Postings, wanted: NDArray[uint32], size: int) -> NDArray[int64]: ...
def best(
    postings: Postings,
    wanted: NDArray[uint32],
    heights: NDArray[float64],
    base: float,
    unit: float,
    size: int,
    allowed: NDArray[bool_] | None,
    limit: int,
) -> tuple[NDArray[int64], NDArray[float32]]: ...
