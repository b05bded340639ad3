"""The PMP clearinghouse's real-time call over SOAP: one ASAP transaction in, what became of it out.

    envelope.py   bytes -> the transaction: credentials, destination, ASAP text
    read.py       transaction -> credentials, and an enclosed ASAP message
    report.py     the ASAP adapter's submission report -> status and text
    write.py      report or error -> SubmitTransactionResponse or fault
    routes.py     POST /soap/clearinghouse              wsdl.py   GET /soap/clearinghouse?wsdl
    names.py      namespaces and names                  blocks/   what goes out, as readable templates
    samples/      requests and answers

What is known of the call, from where, and what is this gateway's own: docs/wire/clearinghouse.md.
"""

from adapters.clearinghouse.adapter import ClearinghouseAdapter

ADAPTER = ClearinghouseAdapter()

__all__ = ["ADAPTER"]
