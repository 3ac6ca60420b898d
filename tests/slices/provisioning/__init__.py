"""Provisioning: from an assignment to a role in an account, cut off anywhere."""
