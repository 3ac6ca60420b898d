"""The services that AWS Organizations lets work in an organization, by service principal.

Only `sso.amazonaws.com` does anything here; the others are known so that infrastructure code that
enables a list of them runs.
"""

_NAMES = """
    access-analyzer account agentless.inspector2 aws-artifact-account-sync backup cloudtrail
    compute-optimizer config config-multiaccountsetup controltower detective devops-guru ds fms
    guardduty health hunter.inspector2 iam inspector2 ipam license-management.marketplace
    license-manager macie malware-protection.guardduty member.org.stacksets.cloudformation
    networkmanager observabilityadmin ram reachabilityanalyzer.networkinsights
    reporting.trustedadvisor resource-explorer-2 securityhub securitylake servicecatalog
    servicequotas ssm sso stacksets.cloudformation storage-lens.s3 tagpolicies.tag wellarchitected
"""

TRUSTED = frozenset(f"{name}.amazonaws.com" for name in _NAMES.split())
