"""Ground floor: what every other room stands on. It knows no layer, no model and no file."""
