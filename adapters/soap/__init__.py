"""PMIX 2.x over SOAP: what interstate hubs and other states' PMPs speak.

    envelope.py   bytes -> the PMIX document and its header, in an envelope or bare
    read.py       document -> canonical request         metadata.py  the header that says who asks
    write.py      canonical answer or error -> report or fault       parties.py  the people in a report
    routes.py     POST /soap/pmix                       wsdl.py      GET /soap/pmix?wsdl
    client.py     another PMP, asked in PMIX            report.py    report -> canonical answer
    values.py     texts <-> values, shared by request and report
    names.py      namespaces and names                  blocks/      what goes out, as readable templates
    samples/      a request and an answer for each outcome

What is known of PMIX 2.x, from where, and what is this gateway's own: docs/wire/pmix.md.
"""

from adapters.soap.adapter import SoapAdapter

ADAPTER = SoapAdapter()

__all__ = ["ADAPTER"]
