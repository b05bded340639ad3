"""What several adapters need of XML, SOAP and HTTP. No adapter itself: it knows no message of any protocol.

    xml.py        bytes from outside -> element tree: the one hardened parser
    encoding.py   ... its first step: bytes -> characters
    syntax.py     ... its errors: what is wrong with a document, without a word of the document
    elements.py   reading a tree by local names, whatever the namespace
    blocks.py     outgoing XML from readable template files, compiled once
    template.py   ... how such a file is compiled
    escaping.py   ... how a value is written
    instants.py   the time at which a password digest says that it was made
    soap.py       envelopes in, envelopes and faults out
    faults.py     errors -> faults
    wsdl.py       a service's description, served from files
    answers.py    the body of what a partner answers over HTTP, up to a limit

It may import `gateway.errors` and nothing else of the gateway.
"""

from adapters._wire.blocks import Block, to_bytes
from adapters._wire.elements import child, children, local, path_of, single, text
from adapters._wire.escaping import Xml
from adapters._wire.xml import parse

__all__ = ["Block", "Xml", "child", "children", "local", "parse", "path_of", "single", "text", "to_bytes"]
