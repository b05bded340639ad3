"""The second use case: reported dispensations become part of the record.

    resolve the drug -> validate -> find the same fill -> link the person -> record (durable) -> acknowledge

    intake       messages and files: some hundreds of records at a time, each time in one transaction
    reading      a record ready to be taken in, or why it cannot be
    recording    one record into the transaction: which fill it is, whose it is, what becomes of it
    reporting    that a dispenser has reported, dispensations or none at all
    entry        one record on its way, and the results it can have

A result is handed over only after its transaction is on disk. Sending a message again changes nothing and says so. A
revision or a void finds its original by its fill, and is rejected where there is none. Two people are never merged:
when several fit, the dispensation goes to a person of its own.
"""

from gateway.intake.intake import AT_ONCE, Intake

__all__ = ["AT_ONCE", "Intake"]
