"""What a stranger must not be able to do: each line of the design's threat list, tried over HTTP.

| line | tried in |
|---|---|
| sign a request with a forged or stale key | `test_forged_keys` |
| approve a device by making someone open a link | `test_device_links` |
| use a code, token or assertion twice | `test_used_twice` |
| use a TOTP twice | not reached: this release has no MFA |
| read or change another user's things by changing an id | `test_anothers_things` |
| get a session after being disabled, unassigned or removed from a group | `test_ended_rights` |
| learn from an answer or its timing whether a user exists | `test_user_existence` |
| guess a password, or keep its owner out | `test_guessing` |
| wrap, replay or redirect a SAML message | `test_saml_messages`, replay in `test_used_twice` |
| make a redirect go elsewhere | `test_redirects` |
| read a secret from the database, a backup, a log or an error | `test_secrets` |
| fill the disk or the CPU with unauthenticated requests | `test_floods` |
| turn a missing key or setting into an open door | `test_missing_keys` |
| administer the instance from a member account | `test_member_account` |
| reach the server under another host name | `test_host_names` |
| make it fetch from a private address | not reached: this release fetches nothing |
| have it trust a signature over an unsigned body, host or `x-amz-*` header | `test_forged_keys` |
| change state by a GET | `test_get_changes_nothing` |
| use the browser against its person | `test_cookies_and_headers` |
| have one request read as two | `test_framing` |

An XML document that asks for something to be fetched is refused in `test_saml_messages`.
A backup is searched in `tests/backup`.
Keys that were rotated away, and key-encryption keys that are not the database's, are tried in
`tests/keys` and `tests/commands`.
"""
