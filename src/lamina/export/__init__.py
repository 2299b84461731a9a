"""Models as programs for other machines: no layer code is needed to run them."""

from lamina.export.archive import ExportArchive, export_model, load

__all__ = ["ExportArchive", "export_model", "load"]
