from numpy import float32, int64, uint16
from numpy.typing import NDArray

def products(
    vectors: NDArray[float32] | NDArray[uint16], rows: NDArray[int64], query: NDArray[float32]
) -> NDArray[float32]: ...
