"""Who may: clients, tokens, scopes, policy, and identifiers at rest. Every doubt here ends in a refusal.

clients.py          who is registered, with which credentials, scopes and default requester
client_secrets.py   client secrets: how they are hashed and checked
password_digests.py passwords that are shown by digests: how they are kept and checked
client_keys.py      a client's public keys: registered with it, or fetched from its own URL
signing_keys.py     this server's own keys: sign, publish, rotate
scopes.py           what a scope covers (SMART App Launch 2.2)
jose.py             reading signed tokens that strangers send
authentication.py   how a client shows who it is: a secret, or an assertion it has signed
access_tokens.py    the tokens this server issues, and how it knows them again
server.py           the token endpoint, without HTTP
routes.py           the token endpoint on Flask
metadata.py         what the discovery documents say of all this
token_security.py   the `Security` port: who sends this request
policy.py           the `Policy` port: whether that requester may see a history
vault.py            the `Vault` port: identifiers of persons at rest
client.py           the other side: a token for calling somebody else
files.py            key and client files: private, replaced whole, read again when changed
"""
