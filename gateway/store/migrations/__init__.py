"""The history of the record's schema, run by `gateway.store.migrate`; one file a revision."""
