"""The access portal: what a signed-in person may open, and opening it.

Owns the lists a person sees, what an assertion for an account says, and GetRoleCredentials. Leaves
who is assigned to `assignments`, minting sessions to `sts`, signing assertions to `federation`.
Invariants: every answer is about the calling person only; its cost depends on what that person is
assigned, never on the size of the organization.
"""
