"""What a session may and may not do, for each kind of policy, by boto3 through the real sign-in."""
