"""NCPDP SCRIPT 10.6, 2017071 and 2023011: medication history, asked and answered (RxHistoryRequest,
RxHistoryResponse), and fills that pharmacies report (RxFill).

    version.py          which version a message is, and how its sender writes it
    message.py tree.py  the outside of a message, and a message as dictionaries of local names
    wrapping.py         the `string` of .NET that a message may stand in
    credentials.py      the sender's credentials in the message's header
    read.py parts.py    wire -> canonical request
    rxfill*.py          wire -> canonical report; receipt.py what became of it -> wire
    patient.py          the Patient of either, and what it is refused for
    refusals.py         the errors with which a message is refused
    write.py            canonical answers and errors -> wire; the outcomes, one by one
    rest.py             a history that needs several messages
    layout*.py blocks/  how each version is written (people_2017071.py: its persons)
    fit.py values.py    how values are made to fit; identified.py prescribers without NPI
    scores.py words.py  the figures of a history; what a version has no element for, in words
    kept.py             what is no patient's, written once for many answers
    beside.py           what is asked for in the header of HTTP
    errors.py notes.py  the codes and sentences that say an error, an outcome
    client.py ask.py    the same protocol as a client: request out
    answer.py fill.py   ... and a partner's answer in; whole.py one that needs several messages
    medication.py       the facts of a medication, for whoever reads one
    routes.py adapter.py

NCPDP owns SCRIPT; its schemas are not part of this project. What was needed of them is stated in docs/wire/script.md.
"""

from adapters.ncpdp.adapter import NcpdpAdapter

ADAPTER = NcpdpAdapter()

__all__ = ["ADAPTER"]
