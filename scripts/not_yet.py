"""Operations of the shipped models that are not served yet, and why, service by service.

`coverage` writes them into `docs/coverage.md`; a test fails when an operation is neither served nor
named here, and when one is both.
"""

#: By service, by reason: the operations' names.
NOT_YET: dict[str, dict[str, str]] = {
    "sso-oidc": {
        "comes with trusted identity propagation": """
            CreateTokenWithIAM
        """,
    },
    "sts": {
        "comes with trusted identity propagation": """
            AssumeRoleWithWebIdentity GetDelegatedAccessToken GetWebIdentityToken
        """,
        "comes with the rest of sts": """
            AssumeRoot DecodeAuthorizationMessage GetAccessKeyInfo GetFederationToken
            GetSessionToken
        """,
    },
    "organizations": {
        "accounts come from the seed; comes with the rest of organizations": """
            CloseAccount CreateAccount CreateGovCloudAccount CreateOrganization
            CreateOrganizationalUnit DeleteOrganization DeleteOrganizationalUnit
            DescribeCreateAccountStatus EnableAllFeatures LeaveOrganization
            ListCreateAccountStatus MoveAccount RemoveAccountFromOrganization
            UpdateOrganizationalUnit
        """,
        "one organization needs no invitations": """
            AcceptHandshake CancelHandshake DeclineHandshake DescribeHandshake
            InviteAccountToOrganization ListHandshakesForAccount ListHandshakesForOrganization
        """,
        "only service control policies are there; comes with the rest of organizations": """
            DeleteResourcePolicy DescribeEffectivePolicy DescribeResourcePolicy
            ListAccountsWithInvalidEffectivePolicy ListEffectivePolicyValidationErrors
            PutResourcePolicy
        """,
        "responsibility for bills is no matter of signing in": """
            DescribeResponsibilityTransfer InviteOrganizationToTransferResponsibility
            ListInboundResponsibilityTransfers ListOutboundResponsibilityTransfers
            TerminateResponsibilityTransfer UpdateResponsibilityTransfer
        """,
    },
    "cloudtrail": {
        "there is one trail, always on, in the audit table": """
            AddTags CreateTrail DeleteResourcePolicy DeleteTrail
            DeregisterOrganizationDelegatedAdmin DescribeTrails GetEventConfiguration
            GetEventSelectors GetResourcePolicy GetTrail GetTrailStatus ListTags ListTrails
            PutEventConfiguration PutEventSelectors PutResourcePolicy
            RegisterOrganizationDelegatedAdmin RemoveTags StartLogging StopLogging UpdateTrail
        """,
        "the sealer's key is told by the command line": """
            ListPublicKeys
        """,
        "unusual activity is not searched for": """
            GetInsightSelectors ListInsightsData ListInsightsMetricData PutInsightSelectors
        """,
        "CloudTrail Lake: events are looked up, exported and sealed instead": """
            CancelQuery CreateChannel CreateDashboard CreateEventDataStore DeleteChannel
            DeleteDashboard DeleteEventDataStore DescribeQuery DisableFederation
            EnableFederation GenerateQuery GetChannel GetDashboard GetEventDataStore GetImport
            GetQueryResults ListChannels ListDashboards ListEventDataStores ListImportFailures
            ListImports ListQueries RestoreEventDataStore SearchSampleQueries
            StartDashboardRefresh StartEventDataStoreIngestion StartImport StartQuery
            StopEventDataStoreIngestion StopImport UpdateChannel UpdateDashboard
            UpdateEventDataStore
        """,
    },
    "iam": {
        "roles in accounts are written by provisioning only; comes with the rest of iam": """
            AttachRolePolicy CreateAccountAlias CreateRole CreateSAMLProvider DeleteAccountAlias
            DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DeleteSAMLProvider
            DetachRolePolicy ListAccountAliases ListRoleTags ListSAMLProviderTags
            PutRolePermissionsBoundary PutRolePolicy TagRole TagSAMLProvider UntagRole
            UntagSAMLProvider UpdateAssumeRolePolicy UpdateRole UpdateRoleDescription
            UpdateSAMLProvider
        """,
        "people sign in through Identity Center; users of IAM are the sandbox's own few": """
            AddUserToGroup AttachGroupPolicy AttachUserPolicy ChangePassword CreateAccessKey
            CreateGroup CreateLoginProfile CreateServiceSpecificCredential CreateUser
            CreateVirtualMFADevice DeactivateMFADevice DeleteAccessKey
            DeleteAccountPasswordPolicy DeleteGroup DeleteGroupPolicy DeleteLoginProfile
            DeleteSSHPublicKey DeleteServiceSpecificCredential DeleteSigningCertificate
            DeleteUser DeleteUserPermissionsBoundary DeleteUserPolicy DeleteVirtualMFADevice
            DetachGroupPolicy DetachUserPolicy EnableMFADevice GetAccessKeyLastUsed
            GetAccountPasswordPolicy GetGroup GetGroupPolicy GetLoginProfile GetMFADevice
            GetSSHPublicKey GetUser GetUserPolicy ListAccessKeys ListAttachedGroupPolicies
            ListAttachedUserPolicies ListGroupPolicies ListGroups ListGroupsForUser
            ListMFADeviceTags ListMFADevices ListSSHPublicKeys ListServiceSpecificCredentials
            ListSigningCertificates ListUserPolicies ListUserTags ListUsers
            ListVirtualMFADevices PutGroupPolicy PutUserPermissionsBoundary PutUserPolicy
            RemoveUserFromGroup ResetServiceSpecificCredential ResyncMFADevice TagMFADevice
            TagUser UntagMFADevice UntagUser UpdateAccessKey UpdateAccountPasswordPolicy
            UpdateGroup UpdateLoginProfile UpdateSSHPublicKey UpdateServiceSpecificCredential
            UpdateSigningCertificate UpdateUser UploadSSHPublicKey UploadSigningCertificate
        """,
        "comes with trusted identity propagation": """
            AddClientIDToOpenIDConnectProvider CreateOpenIDConnectProvider
            DeleteOpenIDConnectProvider GetOpenIDConnectProvider ListOpenIDConnectProviderTags
            ListOpenIDConnectProviders RemoveClientIDFromOpenIDConnectProvider
            TagOpenIDConnectProvider UntagOpenIDConnectProvider
            UpdateOpenIDConnectProviderThumbprint
        """,
        "reports and questions about policies come with the rest of iam": """
            GenerateCredentialReport GenerateOrganizationsAccessReport
            GenerateServiceLastAccessedDetails GetAccountAuthorizationDetails GetAccountSummary
            GetContextKeysForCustomPolicy GetContextKeysForPrincipalPolicy GetCredentialReport
            GetOrganizationsAccessReport GetServiceLastAccessedDetails
            GetServiceLastAccessedDetailsWithEntities ListPoliciesGrantingServiceAccess
            SimulateCustomPolicy SimulatePrincipalPolicy
        """,
        "has nothing to do with signing in to accounts": """
            AcceptDelegationRequest AcquireRole AddRoleToInstanceProfile
            AssociateDelegationRequest CreateDelegationRequest CreateInstanceProfile
            CreateServiceLinkedRole DeleteInstanceProfile DeleteServerCertificate
            DeleteServiceLinkedRole DisableOrganizationsRootCredentialsManagement
            DisableOrganizationsRootSessions DisableOutboundWebIdentityFederation
            EnableOrganizationsRootCredentialsManagement EnableOrganizationsRootSessions
            EnableOutboundWebIdentityFederation GetAccountProperties GetDelegationRequest
            GetHumanReadableSummary GetInstanceProfile GetOutboundWebIdentityFederationInfo
            GetRoleTemplateVersion GetServerCertificate GetServiceLinkedRoleDeletionStatus
            ListDelegationRequests ListInstanceProfileTags ListInstanceProfiles
            ListInstanceProfilesForRole ListOrganizationsFeatures ListServerCertificateTags
            ListServerCertificates PutAccountProperties RejectDelegationRequest
            RemoveRoleFromInstanceProfile SendDelegationToken SetSecurityTokenServicePreferences
            TagInstanceProfile TagServerCertificate UntagInstanceProfile UntagServerCertificate
            UpdateDelegationRequest UpdateServerCertificate UploadServerCertificate
        """,
    },
}
