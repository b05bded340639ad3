"""Events are found by the person whose data left. The events themselves, and the chain, stay as they are.

Revision: 0002.
"""

from __future__ import annotations

import json

from alembic import op
from sqlalchemy import (
    BigInteger,
    Column,
    Integer,
    LargeBinary,
    Text,
    bindparam,
    column,
    select,
    table,
    tuple_,
)

revision = "0002"
down_revision = "0001"

_AT_ONCE = 1000
_event = table(
    "audit_event",
    column("stream", Integer),
    column("seq", BigInteger),
    column("event", LargeBinary),
    column("person_key", Text),
)


def upgrade() -> None:
    """A column, filled from each event, and its index."""
    op.add_column("audit_event", Column("person_key", Text))
    connection = op.get_bind()
    place = tuple_(_event.c.stream, _event.c.seq)
    first = select(_event.c.stream, _event.c.seq, _event.c.event).order_by(_event.c.stream, _event.c.seq)
    fill = (
        _event.update()
        .where(_event.c.stream == bindparam("of"), _event.c.seq == bindparam("no"))
        .values(person_key=bindparam("key"))
    )
    rows = connection.execute(first.limit(_AT_ONCE)).all()
    while rows:
        found = [{"of": one.stream, "no": one.seq, "key": _person_key(one.event)} for one in rows]
        told = [one for one in found if one["key"] is not None]
        if told:
            connection.execute(fill, told)
        last = tuple_(*(bindparam(None, value) for value in (rows[-1].stream, rows[-1].seq)))
        rows = connection.execute(first.where(place > last).limit(_AT_ONCE)).all()
    op.create_index("ix_audit_event_person_key", "audit_event", ["person_key", "at"])


def _person_key(event: object) -> str | None:
    """None also for what is no event any more: that is for the check of the chain to say."""
    try:
        key = json.loads(event).get("person_key") if isinstance(event, bytes | str) else None
    except (ValueError, AttributeError):
        return None
    return key if isinstance(key, str) else None
