"""What `keras.losses` and `keras.metrics` had in Keras 2: short names of functions, and the ways to reduce."""

from lamina import losses

__all__ = [
    "KLD",
    "MAE",
    "MAPE",
    "MSE",
    "MSLE",
    "Reduction",
    "kld",
    "kullback_leibler_divergence",
    "logcosh",
    "mae",
    "mape",
    "mse",
    "msle",
]

KLD = kld = kullback_leibler_divergence = losses.kl_divergence
MAE = mae = losses.mean_absolute_error
MAPE = mape = losses.mean_absolute_percentage_error
MSE = mse = losses.mean_squared_error
MSLE = msle = losses.mean_squared_logarithmic_error
logcosh = losses.log_cosh


class Reduction:
    """Names of the ways to reduce the losses of samples to one number."""

    AUTO = SUM_OVER_BATCH_SIZE = "sum_over_batch_size"
    NONE = "none"
    SUM = "sum"
