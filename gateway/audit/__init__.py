"""Who did what? The audit log in an SQL database: append-only and hash-chained.

    schema       the two tables, the events indexed by time and by person
    chain        an event's canonical bytes, its hash, and how a chain is checked
    log          the port: record; and verify, search
    migrations   the schema's history (Alembic)

Each process writes a stream of its own. An event's hash is SHA-256 over the hash before it and its own bytes, so that
nothing can be changed, taken out or moved without the rest of the stream saying so. The hashes are not keyed: who can
rewrite the whole database can make a new chain, which only heads noted elsewhere (`Verdict.heads`) give away.

Keep the log in a database of its own: an answer waits for it, and must not wait for a long intake as well.
"""

from gateway.audit.chain import Break, Head, Verdict
from gateway.audit.log import HashChainedLog, migrate

__all__ = ["Break", "HashChainedLog", "Head", "Verdict", "migrate"]
