"""What a run is computed on: the processor with one thread, or one GPU."""

from __future__ import annotations

import tensorflow as tf


def take_device(device: str, number: int = 0) -> None:
    """Compute on what a recipe names, so that the same training gives the same bits. Call before anything is computed.

    The number of threads changes the last bits, so there is one. TensorFlow would take nearly all memory of every GPU:
    it sees one GPU, and takes as much as it needs.

    Args:
        device: "cpu", "gpu", or "auto" for a GPU where there is one.
        number: which GPU of those that TensorFlow sees.

    Raises:
        ValueError: if there is no such GPU.
    """
    take_one_thread()
    gpus = tf.config.list_physical_devices("GPU")
    if device == "cpu" or (device == "auto" and number >= len(gpus)):
        tf.config.set_visible_devices([], "GPU")
        return
    if number >= len(gpus):
        raise ValueError(
            f"The recipe asks for a GPU, but TensorFlow sees {len(gpus)} on this machine. Use device='auto' or 'cpu', "
            "or install TensorFlow for GPUs."
        )
    tf.config.set_visible_devices(gpus[number], "GPU")
    tf.config.experimental.set_memory_growth(gpus[number], True)
    # Without this, operations on a GPU add up in another order each time.
    tf.config.experimental.enable_op_determinism()
    # TensorFlow would round the factors of float32 products to 10 bits, so that maps and logits differ by 5e-4 from
    # those of a processor.
    tf.config.experimental.enable_tensor_float_32_execution(False)


def take_one_thread() -> None:
    """Compute with one thread."""
    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)


def gpu_names() -> list[str]:
    """The models of the GPUs that this process computes on."""
    details = tf.config.experimental.get_device_details
    return [details(gpu).get("device_name", gpu.name) for gpu in tf.config.get_visible_devices("GPU")]
