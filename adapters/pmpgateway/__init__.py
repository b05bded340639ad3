"""The PMP Gateway's own XML, v5 and v5_1: what EHRs speak that are connected to the commercial gateway.

    POST /pmpgateway/<version>/patient         PatientRequest in, PatientResponse out: what became of it, and a URL
    POST /pmpgateway/<version>/report/<id>     ReportRequest in, to that URL: a link that opens once

    message.py     bytes -> the document, and the version in which its sender is answered
    read.py        document -> canonical request          requester.py  who asks, in both messages; roles.py
    write.py       canonical answer or error -> wire      states.py     what each state says; blocks/ as templates
    credentials.py the digest of the HTTP header          names.py      versions, namespaces, names
    client.py      another gateway of the kind, asked     ask.py        canonical request -> PatientRequest
    answer.py      ... and its answer read
    routes.py      described.py     samples/      a request and an answer for each outcome

The format belongs to its vendor and has no public schema. What is known of it, from where, and what is inferred:
docs/wire/pmpgateway.md.
"""

from adapters.pmpgateway.adapter import PmpGatewayAdapter

ADAPTER = PmpGatewayAdapter()

__all__ = ["ADAPTER"]
