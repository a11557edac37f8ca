from numpy import bool_, float32, float64, int8, int32, int64, uint32
from numpy.typing import NDArray

def surroundings(
    found: NDArray[int64],
    previous: NDArray[int32],
    following: NDArray[int32],
    size: int,
    allowed: NDArray[bool_] | None,
) -> tuple[NDArray[int64], NDArray[int64], NDArray[int64], NDArray[int64], NDArray[int64]]: ...
def keyword(
    pool: NDArray[int64],
    before: NDArray[int64],
    after: NDArray[int64],
    two_before: NDArray[int64],
    groups: NDArray[int64],
    terms: NDArray[uint32],
    ends: NDArray[int64],
    codes: NDArray[uint32],
    weights: NDArray[float64],
    mean_length: float,
    raw: NDArray[float64],
    added: NDArray[float64],
) -> None: ...
def semantic(
    pool: NDArray[int64],
    before: NDArray[int64],
    after: NDArray[int64],
    groups: NDArray[int64],
    heard: NDArray[int64],
    products: NDArray[float32],
    raw: NDArray[float64],
    added: NDArray[float64],
) -> None: ...
def prior(
    pool: NDArray[int64],
    before: NDArray[int64],
    form: NDArray[int8],
    length: NDArray[int32],
    importance: NDArray[float64],
    rating: NDArray[float32],
    valid_to: NDArray[int64],
    now_ns: int,
    added: NDArray[float64],
) -> None: ...
def session_groups(pool: NDArray[int64], session: NDArray[int32], nowhere: int) -> NDArray[int64]: ...
