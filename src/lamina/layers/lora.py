"""Low-rank adaptation: fine-tune a layer by two thin matrices beside its largest weight, which is frozen.

Source:   Keras 3 `enable_lora`; Hu et al. 2021.
"""

import jax.numpy as jnp

from lamina import initializers
from lamina.layers.demands import positive_integer
from lamina.layers.tracking import count_change

_SPOKEN = {"kernel": "kernel", "embeddings": "embedding"}


class LowRank:
    """What a layer needs so that its largest weight can be adapted.

    The layer keeps the weight under `_kernel` (`_embeddings` where `_adapted` is "embeddings"), reads it by
    `_adapted_value()`, and calls `_start_lora()` at the end of `build`.
    """

    _adapted = "kernel"
    lora_enabled = False

    def _keep_lora(self, rank, alpha):
        self.lora_rank = positive_integer(self, "lora_rank", rank) if rank else None
        self.lora_alpha = rank if alpha is None else alpha

    def _start_lora(self):
        if self.lora_rank:
            self.built = True
            self.enable_lora(self.lora_rank, self.lora_alpha)

    def enable_lora(self, rank, lora_alpha=None, a_initializer="he_uniform", b_initializer="zeros"):
        """Freeze the largest weight, and train two matrices whose product is added to it.

        Args:
            rank: columns of the first matrix and rows of the second [count].
            lora_alpha: the product's weight is lora_alpha / rank; None for `rank`.
            a_initializer, b_initializer: names or objects; with zeros for one of them nothing changes at first.
        Raises:   ValueError for a rank that is no positive integer; for a layer that is not built, that is adapted
            already, or whose weight has a constraint.
        """
        name = self._adapted
        positive_integer(self, "rank", rank)
        if getattr(self, f"{name}_constraint"):
            raise ValueError(
                f"Lora is incompatible with {_SPOKEN[name]} constraints. Make {type(self).__name__} "
                f"'{self.name}' without the `{name}_constraint` argument."
            )
        if not self.built:
            raise ValueError(f"Cannot enable lora on a layer that isn't yet built. Received by '{self.name}'.")
        if self.lora_enabled:
            raise ValueError(f"lora is already enabled on '{self.name}'. This can only be done once per layer.")
        weight, shape = self._adapted_weight(), self._adapted_shape()
        locked, self._locked = self._locked, False
        self._add_thin("a", (*shape[:-1], rank), a_initializer)
        self._add_thin("b", (rank, shape[-1]), b_initializer)
        self._locked = locked
        weight.trainable = False
        count_change()
        self.lora_enabled = True
        self._keep_lora(rank, lora_alpha)

    def _add_thin(self, which, shape, initializer):
        name = f"lora_{self._adapted}_{which}"
        regularizer = getattr(self, f"{self._adapted}_regularizer")
        matrix = self.add_weight(
            name=name, shape=shape, initializer=initializers.get(initializer), regularizer=regularizer, dtype="float32"
        )
        setattr(self, name, matrix)

    def _thin(self):
        return getattr(self, f"lora_{self._adapted}_a"), getattr(self, f"lora_{self._adapted}_b")

    def _adapted_weight(self):
        """Return the Variable that is frozen."""
        if not self.built:
            raise AttributeError(f"You must build the layer before accessing `{self._adapted}`.")
        return getattr(self, f"_{self._adapted}")

    def _adapted_shape(self):
        return self._adapted_weight().shape

    def _adapted_floats(self):
        """Return the frozen weight as an array."""
        return getattr(self, f"_{self._adapted}").value

    def _adapted_value(self):
        """Return the array that the weight and the two matrices make together."""
        if not (self.lora_enabled or self._is_quantized):
            return getattr(self, f"_{self._adapted}").value
        weight = self._adapted_floats()
        if not self.lora_enabled:
            return weight
        a, b = self._thin()
        return (weight + (self.lora_alpha / self.lora_rank) * jnp.matmul(a.value, b.value)).astype(self.compute_dtype)

    def _weight_or_sum(self):
        """Return the weight as a Variable; with low-rank adaptation the sum of it and the product, as an array."""
        weight = self._adapted_weight()
        return self._adapted_value() if self.lora_enabled else weight

    def _saved_variables(self):
        """Return the layer's own variables without the two matrices, the adapted weight first."""
        weight, thin = self._adapted_weight(), self._thin()
        own = [weight, *self._trainable_variables, *self._non_trainable_variables]
        return [v for i, v in enumerate(own) if all(v is not other for other in (*thin, *own[:i]))]

    def save_own_variables(self, store):
        """Put the layer's own variables into the mapping `store`, numbered; additions inside the weight."""
        if not self.lora_enabled:
            super().save_own_variables(store)
            return
        for i, variable in enumerate(self._saved_variables()):
            store[f"{i}"] = variable if i else self._adapted_value()

    def load_own_variables(self, store):
        """Take the layer's own variables from the mapping `store`; additions start from nothing."""
        if not self.lora_enabled:
            super().load_own_variables(store)
            return
        for i, variable in enumerate(self._saved_variables()):
            variable.assign(store[f"{i}"])
        for matrix in self._thin():
            matrix.assign(jnp.zeros(matrix.shape))

    def get_config(self):
        """Return the constructor arguments; those of low-rank adaptation only where it is used."""
        config = super().get_config()
        if self.lora_rank:
            config |= {"lora_rank": self.lora_rank, "lora_alpha": self.lora_alpha}
        return config
