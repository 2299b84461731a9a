"""Keras's public `callbacks`."""

from lamina.training.callbacks.backup_and_restore import BackupAndRestore
from lamina.training.callbacks.callback import Callback
from lamina.training.callbacks.callback_list import CallbackList
from lamina.training.callbacks.csv_logger import CSVLogger
from lamina.training.callbacks.early_stopping import EarlyStopping
from lamina.training.callbacks.history import History
from lamina.training.callbacks.lambda_callback import LambdaCallback
from lamina.training.callbacks.learning_rate_scheduler import LearningRateScheduler
from lamina.training.callbacks.model_checkpoint import ModelCheckpoint
from lamina.training.callbacks.orbax_checkpoint import OrbaxCheckpoint
from lamina.training.callbacks.progbar_logger import ProgbarLogger
from lamina.training.callbacks.reduce_lr_on_plateau import ReduceLROnPlateau
from lamina.training.callbacks.remote_monitor import RemoteMonitor
from lamina.training.callbacks.swap_ema_weights import SwapEMAWeights
from lamina.training.callbacks.tensorboard import TensorBoard
from lamina.training.callbacks.terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "OrbaxCheckpoint",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "RemoteMonitor",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
