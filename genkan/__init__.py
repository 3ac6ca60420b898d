"""Genkan (玄関, the entrance): a self-hosted AWS IAM Identity Center.

The map. Fronts turn bytes into a `Call` and a result into bytes; the one door, `perform`, is the
only way from a front or a worker to a slice; slices are named with AWS's own words and hold
everything about that word.

fronts          aws · web (sign-in, consent, portal)
between         federation (assertions made and exchanged)
the door        perform · decide
slices          provisioning · portal · oauth
                assignments · applications · sts
                permission_sets · signin
                instances
                identity_store · organization · iam · credentials
beneath         authorization · audit · db · core
pure            protocols/aws · protocols/saml

`assembly` wires them, `cli` starts them, `sandbox` fills them with a sample organization.
docs/architecture.md has the reasons, docs/journeys.md follows each journey file by file.
"""

__version__ = "0.1.0"
