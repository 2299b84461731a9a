"""The losses of a layer: what `add_loss`, activity regularizers and weight regularizers add to what is minimised."""

import weakref

import jax

from lamina.core import tree
from lamina.core.context import thread

layers_with_losses = weakref.WeakSet()


class WithLosses:
    """What makes a layer keep losses."""

    def add_loss(self, loss):
        """Add a scalar (or a list of scalars) to what training minimises; for use inside `call`."""
        for x in tree.flatten(loss):
            if not isinstance(x, jax.Array):
                raise ValueError(f"`add_loss()` takes a tensor computed in `call()`. Received invalid value: {x}")
            if thread.scope is not None:
                thread.scope.add_loss(x, self)
            else:
                self._losses.append(x)
                layers_with_losses.add(self)

    @property
    def losses(self):
        """The scalars of `add_loss`, of activity and of weight regularizers, of this layer and of the layers in it."""
        layers = self._flatten_layers()
        if thread.scope is not None:
            owners = {id(layer) for layer in layers}
            pairs = zip(thread.scope.losses, thread.scope.loss_owners, strict=True)
            found = [loss for loss, owner in pairs if id(owner) in owners]
        else:
            found = [loss for layer in layers for loss in layer._losses]
        return [*found, *(w.regularizer(w.value) for w in self.trainable_weights if w.regularizer is not None)]

    def _clear_losses(self):
        layers = self._flatten_layers()
        for layer in layers:
            layer._losses.clear()
            layers_with_losses.discard(layer)
        if thread.scope is not None:
            thread.scope.clear_losses(layers)

    def _add_activity_losses(self, outputs):
        for output in tree.flatten(outputs):
            if isinstance(output, jax.Array):
                loss = self.activity_regularizer(output)
                self.add_loss(loss / max(output.shape[0], 1) if output.ndim else loss)
