"""`tf.test`: what programs ask about the machine."""

from lamina.dialects.tensorflow.config import list_physical_devices

__all__ = ["gpu_device_name", "is_built_with_cuda", "is_gpu_available"]


def is_gpu_available(cuda_only=False, min_cuda_compute_capability=None):
    """Tell whether there is a GPU."""
    return bool(list_physical_devices("GPU"))


def gpu_device_name():
    """Return the name of the first GPU, or an empty text."""
    return "/device:GPU:0" if is_gpu_available() else ""


is_built_with_cuda = is_gpu_available
