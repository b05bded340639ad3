"""Errors -> SOAP faults: the sentence in the fault's own text; code, path and remedy once more in its detail."""

from __future__ import annotations

from pathlib import Path

from adapters._wire.blocks import Block
from adapters._wire.soap import FaultCode, MustUnderstand, Version, VersionMismatch, fault_1_1, fault_1_2
from gateway.errors import Failure, GatewayError

_TEMPLATE = Path(__file__).parent / "blocks" / "error.xml"


class Faults:
    """The faults of one service.

    :param namespace: the namespace of the `Error` in the detail, as the service's description has it.
    """

    def __init__(self, namespace: str) -> None:
        self._error = Block.load(_TEMPLATE, fixed={"gateway": namespace})

    def write(self, error: GatewayError, version: Version = Version.SOAP_1_1) -> bytes:
        """The document: an envelope of that version with the fault."""
        detail = {"code": error.code.value, "path": error.path, "remedy": error.remedy}
        fault = fault_1_2 if version is Version.SOAP_1_2 else fault_1_1
        return fault(
            fault_code(error),
            str(error),
            # SOAP 1.1 section 4.4: no detail where it is a header that is at fault.
            detail=None if isinstance(error, MustUnderstand) else self._error.render(detail),
        )


def fault_code(error: GatewayError) -> FaultCode:
    """Whose fault it is."""
    if isinstance(error, VersionMismatch):
        return FaultCode.VERSION_MISMATCH
    if isinstance(error, MustUnderstand):
        return FaultCode.MUST_UNDERSTAND
    # A GatewayError of no known kind is ours: saying that the caller erred would make him search in vain.
    ours = isinstance(error, Failure) or error.status >= 500
    return FaultCode.SERVER if ours else FaultCode.CLIENT
