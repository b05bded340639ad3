"""Namespaces and names of the clearinghouse's real-time call: the one place for them."""

from __future__ import annotations

PMP = "pmp"  # not a URI, and what senders have
GATEWAY = "urn:pmpbridge:clearinghouse"  # our WSDL, the header of our answers and the detail of our faults

OPERATION = "PMPTransaction"
TRANSACTION = f"{{{PMP}}}{OPERATION}"
ACTION = OPERATION
OPERATIONS = frozenset({OPERATION, "SubmitTransaction"})
"""What a stated action may name: the request's element, or the operation that the response's is named for."""

NAMESPACES = {"tns": PMP, "gateway": GATEWAY}
"""What the templates in `blocks/` declare, by prefix."""
