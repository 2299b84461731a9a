"""How often something is saved: after every epoch, or after so many batches."""


class Frequency:
    """Count batches, and tell when enough of them have passed.

    Args:
        save_freq: "epoch", or a number of batches [steps].
    Raises: ValueError for anything else.

    Example:
        >>> frequency = Frequency(2)
        >>> [frequency.is_due(batch) for batch in (0, 1, 2, 0)]
        [False, True, False, True]
    """

    def __init__(self, save_freq):
        if save_freq != "epoch" and not isinstance(save_freq, int):
            raise ValueError(
                f"Unrecognized save_freq: {save_freq}. Invalid value: expected 'epoch' or a number of batches."
            )
        self.batches = None if save_freq == "epoch" else save_freq
        self._seen = 0
        self._last = -1

    def is_due(self, batch):
        """Tell whether to save after this batch; a number no larger than the last begins a new epoch."""
        self._seen += batch - self._last if batch > self._last else batch + 1
        self._last = batch
        if self._seen < self.batches:
            return False
        self._seen = 0
        return True
