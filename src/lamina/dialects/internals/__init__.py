"""Names that programs reach for inside Keras (`keras.src.backend`, …), each a line over what Lamina has."""
