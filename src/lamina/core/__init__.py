"""Ground floor: what every other room stands on. It knows no layer, no model and no file."""

from lamina.importing import garbage_left_alone

with garbage_left_alone():
    import jax.numpy  # noqa: F401 -- the rooms would import it one by one anyhow
