"""Config: named values as attributes, which can be frozen."""

import json
from collections.abc import MutableMapping

from lamina.core.errors import nearest


class Config(MutableMapping):
    """Named values, reached as attributes or as in a dict, until they are frozen.

    Args:
        **kwargs: the first values.
    Raises:   ValueError for changes while frozen, AttributeError for unknown names.
    Source:   Keras 3 `Config`.
    Example:
        >>> config = Config(rate=0.1)
        >>> config.epochs = 3
        >>> config.to_json()
        '{"rate": 0.1, "epochs": 3}'
    """

    def __init__(self, **kwargs):
        object.__setattr__(self, "_config", kwargs)
        object.__setattr__(self, "_frozen", False)

    @property
    def frozen(self):
        """Whether the values cannot be changed."""
        return self._frozen

    def freeze(self):
        """Let the values not be changed any more."""
        object.__setattr__(self, "_frozen", True)

    def unfreeze(self):
        """Let the values be changed again."""
        object.__setattr__(self, "_frozen", False)

    def as_dict(self):
        """Return the values as a dict of its own."""
        return dict(self._config)

    def to_json(self):
        """Return the values as JSON."""
        return json.dumps(self._config)

    def _assert_open(self):
        if self._frozen:
            raise ValueError("Cannot mutate attribute(s) because the config is frozen. Call `unfreeze()` first.")

    def __getattr__(self, name):
        if name in self._config:
            return self._config[name]
        raise AttributeError(f"Unknown attribute: '{name}'.{nearest(name, self._config)}")

    def __setattr__(self, name, value):
        self[name] = value

    def get(self, keyname, value=None):
        """Return the value of a name, or `value` if there is none."""
        return self._config.get(keyname, value)

    def __getitem__(self, name):
        return self._config[name]

    def __setitem__(self, name, value):
        self._assert_open()
        self._config[name] = value

    def __delitem__(self, name):
        self._assert_open()
        del self._config[name]

    def __iter__(self):
        return iter(sorted(self._config))

    def __len__(self):
        return len(self._config)

    def __repr__(self):
        return f"<Config {self._config}>"
