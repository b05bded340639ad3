"""The history of the audit log's schema, run by `gateway.audit.migrate`; one file a revision."""
