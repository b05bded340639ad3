"""What do we know? The PMP's record in an SQL database: SQLite in WAL mode, or PostgreSQL.

    schema       the tables, and why they are keyed as they are
    keys         person keys, dispensation ids, and the hashes under which things are found
    codec        rows <-> canonical model
    references   drugs, prescribers and dispensers: immutable snapshots, kept in memory
    products     lists of drug products, as loaded
    queries      the reads
    store        the port, for readers
    reporting    who has reported which days, and who must
    unit         the port, for one transaction of intake
    appearance   demographics on their way in, identifiers sealed
    linking      the port, for one transaction of an operator's moves
    journal      what operators moved, and undid
    holding      what there is of one person, for whoever keeps the record
    gathered     what a unit has not written yet, and what it has read
    rows         rows as the database's driver takes them
    load, bulk   a whole population into an empty record
    migrations   the schema's history (Alembic)

Nothing here knows a wire format, decides who somebody is, or judges what is reported. Identifiers of persons go in
through the vault and are never read here.
"""

from gateway.store.keys import new_person_keys
from gateway.store.load import Encoder, Rows, loading
from gateway.store.store import Store, migrate

__all__ = ["Encoder", "Rows", "Store", "loading", "migrate", "new_person_keys"]
