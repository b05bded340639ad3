"""The HTTP surface: a Flask application around the pipeline. Nothing here knows a protocol or a patient."""

from gateway.web.app import create_app

__all__ = ["create_app"]
