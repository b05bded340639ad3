"""The adapter: what the gateway calls, each a single step into the module that does it."""

from __future__ import annotations

from typing import BinaryIO

from flask import Blueprint

from adapters.asap import read, routes, write
from gateway.errors import GatewayError
from gateway.model import IntakeBatch
from gateway.ports import Adapter, Answered, Handle, Inbound, Outbound, SubmittedFile


class AsapAdapter(Adapter):
    """ASAP files, over HTTP and from a folder. Nobody looks a patient up in ASAP, so it has no format of answers."""

    name = "asap"
    prefix = "/asap"
    formats = ()

    def read(self, message: Inbound) -> IntakeBatch:
        """See :func:`adapters.asap.read.read`."""
        return read.read(message)

    def write(self, answer: Answered, request: Inbound) -> Outbound:
        """See :func:`adapters.asap.write.write`."""
        return write.write(answer, request)

    def write_error(self, error: GatewayError, request: Inbound | None) -> Outbound:
        """See :func:`adapters.asap.write.write_error`."""
        return write.write_error(error, request)

    def routes(self, handle: Handle) -> Blueprint:
        """See :func:`adapters.asap.routes.blueprint`."""
        return routes.blueprint(handle)

    def open_file(self, file: BinaryIO) -> SubmittedFile | None:
        """See :func:`adapters.asap.read.open_file`."""
        return read.open_file(file)
