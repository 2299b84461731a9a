"""Sounds as files and as arrays."""

import wave

import numpy as np


def read(path, sampling_rate=None):
    """Return a PCM .wav file as numbers from -1 to 1.

    Shapes:   (steps, channels) float32
    Args:
        sampling_rate: what it is resampled to [hertz]; by default its own.
    Raises:   ValueError if it is no such file.
    """
    try:
        with wave.open(str(path), "rb") as file:
            width, channels, rate = file.getsampwidth(), file.getnchannels(), file.getframerate()
            content = file.readframes(file.getnframes())
    except (wave.Error, EOFError) as error:
        raise ValueError(f"{path} is no .wav file of plain samples (PCM): {error}") from error
    sound = _numbers(content, width).reshape(-1, channels)
    return sound if sampling_rate in (None, rate) else resample(sound, rate, sampling_rate)


def _numbers(content, width):
    if width == 1:  # one byte is without sign
        return (np.frombuffer(content, "uint8").astype("float32") - 128) / 128
    if width == 3:
        low = np.frombuffer(content, "uint8").reshape(-1, 3)
        wide = np.concatenate([np.zeros_like(low[:, :1]), low], 1)  # the same number, times 256
        return (wide.view("<i4").ravel() / 2.0**31).astype("float32")
    return (np.frombuffer(content, f"<i{width}") / 2.0 ** (8 * width - 1)).astype("float32")


def resample(sound, rate, wanted):
    """Return a sound with another number of samples a second, by leaving out or adding high frequencies.

    Example:
        >>> resample(np.ones((8, 1)), 8, 4).ravel().round(6).tolist()
        [1.0, 1.0, 1.0, 1.0]
    """
    count = round(len(sound) * wanted / rate)
    spectrum = np.fft.rfft(sound, axis=0)[: count // 2 + 1]
    return (np.fft.irfft(spectrum, count, axis=0) * (count / len(sound))).astype("float32")


def fit_to_length(sound, steps):
    """Cut a sound, or let it end in zeros."""
    sound = sound[:steps]
    return np.pad(sound, ((0, steps - len(sound)), (0, 0)))
