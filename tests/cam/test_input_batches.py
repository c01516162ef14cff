from threading import Thread

import numpy as np
import pytest
import tensorflow as tf

from tfpool.cam.input_batches import Compiled, computed


def test_a_call_that_fails_does_not_block_other_threads() -> None:
    doubled = Compiled(lambda numbers: (2 * numbers,), [tf.TensorSpec((None,), tf.int64)])
    with pytest.raises((TypeError, ValueError)):
        doubled(np.array(["a"]))
    results: list[np.ndarray] = []
    other = Thread(target=lambda: results.extend(computed(doubled, np.array([1, 2]))), daemon=True)
    other.start()
    other.join(60)
    assert [values.tolist() for values in results] == [[2, 4]]
