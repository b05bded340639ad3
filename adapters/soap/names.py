"""Namespaces, names and codes of PMIX 2.x that more than one module here needs: the one place for them.

The namespaces of another PMIX or NIEM version are known only to be told apart; what is spoken is :data:`SPOKEN`.
"""

from __future__ import annotations

PMIX = "http://xml.ijis.org/niem/2.0/"
PMP = "http://xml.ijis.org/niem/2.0/extension"
NC = "http://niem.gov/niem/niem-core/2.0"
SERVICE = "http://www.pmixpmp.org"  # the PMIX service: its MetaData header says who asks
GATEWAY = "urn:pmpbridge:pmix"  # our WSDL and the detail of our faults
XSI = "http://www.w3.org/2001/XMLSchema-instance"

NAMESPACES = {"pmix": PMIX, "pmp": PMP, "nc": NC, "xsi": XSI, "gateway": GATEWAY}
"""What the templates in `blocks/` declare, by prefix."""

OTHER_VERSIONS = ("http://pmixpmp.org/niem/", "http://release.niem.gov/niem/")
"""How the namespaces of PMIX 3 and 4 begin: the root element, the extension and NIEM 3 and later."""

SPOKEN = f"PMIX 2.x: the root element in {PMIX}, its children in {PMP}, NIEM core in {NC}"

FORMAT = "pmix-2"  # the column of mappings/fields.toml
CODES = "pmix"  # the column of mappings/codes.toml

OPERATION = "ProvidePrescriptionDrugHistory"
ACTION = f"{SERVICE}/pmp/{OPERATION}"
META_DATA = f"{{{SERVICE}}}MetaData"

CONTENT_TYPE = "text/xml; charset=utf-8"
