# Every resource and data source of aws_ssoadmin_* and aws_identitystore_* that the AWS provider
# 5.100 has, in its least and in its fullest form. `v` changes all that can change in place.

terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}
variable "url" {}
variable "key" {}
variable "secret" {}
variable "account" {}
variable "v" { default = "1" }
provider "aws" {
  region     = "us-east-1"
  access_key = var.key
  secret_key = var.secret
  endpoints {
    ssoadmin      = var.url
    identitystore = var.url
    sts           = var.url
  }
}
data "aws_ssoadmin_instances" "this" {}
data "aws_caller_identity" "this" {}
output "me" { value = data.aws_caller_identity.this.arn }
locals {
  arn   = data.aws_ssoadmin_instances.this.arns[0]
  store = data.aws_ssoadmin_instances.this.identity_store_ids[0]
  acct  = var.account
}
resource "aws_identitystore_user" "min" {
  identity_store_id = local.store
  display_name      = "Min"
  user_name         = "min"
  name {
    given_name  = "M"
    family_name = "In"
  }
}
resource "aws_identitystore_user" "max" {
  identity_store_id  = local.store
  display_name       = "Max ${var.v}"
  user_name          = "max"
  nickname           = "mx${var.v}"
  locale             = "en-US"
  preferred_language = "ja"
  profile_url        = "https://example.com/${var.v}"
  timezone           = "Asia/Tokyo"
  title              = "T${var.v}"
  user_type          = "employee"
  name {
    given_name       = "M${var.v}"
    family_name      = "Ax"
    formatted        = "M Ax"
    honorific_prefix = "Dr"
    honorific_suffix = "Jr"
    middle_name      = "Q"
  }
  emails {
    value   = "max${var.v}@example.com"
    type    = "work"
    primary = true
  }
  phone_numbers {
    value   = "+81312345678"
    type    = "work"
    primary = true
  }
  addresses {
    country        = "JP"
    formatted      = "x"
    locality       = "Tokyo"
    postal_code    = "100-0001"
    primary        = true
    region         = "Tokyo"
    street_address = "1-1"
    type           = "work"
  }
}
resource "aws_identitystore_group" "min" {
  identity_store_id = local.store
  display_name      = "gmin"
}
resource "aws_identitystore_group" "max" {
  identity_store_id = local.store
  display_name      = "gmax${var.v}"
  description       = "desc ${var.v}"
}
resource "aws_identitystore_group_membership" "m" {
  identity_store_id = local.store
  group_id          = aws_identitystore_group.max.group_id
  member_id         = aws_identitystore_user.max.user_id
}
resource "aws_ssoadmin_permission_set" "min" {
  name         = "tfmin"
  instance_arn = local.arn
}
resource "aws_ssoadmin_permission_set" "max" {
  name             = "tfmax"
  instance_arn     = local.arn
  description      = "d ${var.v}"
  relay_state      = "https://example.com/${var.v}"
  session_duration = var.v == "1" ? "PT2H" : "PT4H"
  tags             = { a = var.v, "b${var.v}" = "x" }
}
resource "aws_ssoadmin_managed_policy_attachment" "m" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.max.arn
  managed_policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
resource "aws_ssoadmin_customer_managed_policy_attachment" "m" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.min.arn
  customer_managed_policy_reference {
    name = "nope"
    path = "/team/"
  }
}
resource "aws_ssoadmin_permission_set_inline_policy" "m" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.max.arn
  inline_policy      = jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "S${var.v}", Effect = "Allow", Action = ["s3:GetObject"], Resource = "*" }] })
}
resource "aws_ssoadmin_permissions_boundary_attachment" "aws" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.max.arn
  permissions_boundary { managed_policy_arn = "arn:aws:iam::aws:policy/PowerUserAccess" }
}
resource "aws_ssoadmin_permissions_boundary_attachment" "cust" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.min.arn
  permissions_boundary {
    customer_managed_policy_reference { name = "b" }
  }
}
resource "aws_ssoadmin_account_assignment" "g" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.max.arn
  principal_id       = aws_identitystore_group.max.group_id
  principal_type     = "GROUP"
  target_id          = local.acct
  target_type        = "AWS_ACCOUNT"
}
resource "aws_ssoadmin_account_assignment" "u" {
  instance_arn       = local.arn
  permission_set_arn = aws_ssoadmin_permission_set.max.arn
  principal_id       = aws_identitystore_user.min.user_id
  principal_type     = "USER"
  target_id          = local.acct
  target_type        = "AWS_ACCOUNT"
}
resource "aws_ssoadmin_instance_access_control_attributes" "x" {
  instance_arn = local.arn
  attribute {
    key = "name"
    value { source = ["$${path:name.givenName}"] }
  }
  attribute {
    key = "last${var.v}"
    value { source = ["$${path:name.familyName}"] }
  }
}
resource "aws_ssoadmin_application" "min" {
  name                     = "tfappmin"
  application_provider_arn = "arn:aws:sso::aws:applicationProvider/custom"
  instance_arn             = local.arn
}
resource "aws_ssoadmin_application" "max" {
  name                     = "tfapp${var.v}"
  application_provider_arn = "arn:aws:sso::aws:applicationProvider/custom"
  instance_arn             = local.arn
  description              = "d${var.v}"
  status                   = var.v == "1" ? "ENABLED" : "DISABLED"
  portal_options {
    visibility = "ENABLED"
    sign_in_options {
      application_url = "https://example.com/${var.v}"
      origin          = "APPLICATION"
    }
  }
  tags = { k = var.v }
}
resource "aws_ssoadmin_application_access_scope" "s" {
  application_arn    = aws_ssoadmin_application.max.application_arn
  scope              = "sso:account:access"
  authorized_targets = [local.arn]
}
resource "aws_ssoadmin_application_access_scope" "t" {
  application_arn = aws_ssoadmin_application.min.application_arn
  scope           = "sso:account:access"
}
resource "aws_ssoadmin_application_assignment_configuration" "c" {
  application_arn     = aws_ssoadmin_application.max.application_arn
  assignment_required = var.v == "1"
}
resource "aws_ssoadmin_application_assignment" "a" {
  application_arn = aws_ssoadmin_application.min.application_arn
  principal_id    = aws_identitystore_user.min.user_id
  principal_type  = "USER"
}
resource "aws_ssoadmin_trusted_token_issuer" "t" {
  name                      = "tti${var.v}"
  instance_arn              = local.arn
  trusted_token_issuer_type = "OIDC_JWT"
  trusted_token_issuer_configuration {
    oidc_jwt_configuration {
      claim_attribute_path          = "email"
      identity_store_attribute_path = "emails.value"
      issuer_url                    = "https://issuer.example.com"
      jwks_retrieval_option         = "OPEN_ID_DISCOVERY"
    }
  }
  tags = { k = var.v }
}
data "aws_ssoadmin_permission_set" "by_name" {
  instance_arn = local.arn
  name         = aws_ssoadmin_permission_set.max.name
}
data "aws_ssoadmin_permission_set" "by_arn" {
  instance_arn = local.arn
  arn          = aws_ssoadmin_permission_set.max.arn
}
data "aws_ssoadmin_permission_sets" "all" {
  instance_arn = local.arn
  depends_on   = [aws_ssoadmin_permission_set.min, aws_ssoadmin_permission_set.max]
}
data "aws_ssoadmin_application_providers" "all" {}
data "aws_ssoadmin_application" "a" { application_arn = aws_ssoadmin_application.max.application_arn }
data "aws_ssoadmin_application_assignments" "a" { application_arn = aws_ssoadmin_application_assignment.a.application_arn }
data "aws_ssoadmin_principal_application_assignments" "a" {
  instance_arn   = local.arn
  principal_id   = aws_ssoadmin_application_assignment.a.principal_id
  principal_type = "USER"
}
data "aws_identitystore_user" "name" {
  identity_store_id = local.store
  alternate_identifier {
    unique_attribute {
      attribute_path  = "UserName"
      attribute_value = aws_identitystore_user.max.user_name
    }
  }
}
data "aws_identitystore_user" "mail" {
  identity_store_id = local.store
  alternate_identifier {
    unique_attribute {
      attribute_path  = "Emails.Value"
      attribute_value = aws_identitystore_user.max.emails[0].value
    }
  }
}
data "aws_identitystore_user" "id" {
  identity_store_id = local.store
  user_id           = aws_identitystore_user.max.user_id
}
data "aws_identitystore_users" "all" {
  identity_store_id = local.store
  depends_on        = [aws_identitystore_user.min, aws_identitystore_user.max]
}
data "aws_identitystore_groups" "all" {
  identity_store_id = local.store
  depends_on        = [aws_identitystore_group.min, aws_identitystore_group.max]
}
data "aws_identitystore_group" "name" {
  identity_store_id = local.store
  alternate_identifier {
    unique_attribute {
      attribute_path  = "DisplayName"
      attribute_value = aws_identitystore_group.max.display_name
    }
  }
}
data "aws_identitystore_group_memberships" "all" {
  identity_store_id = local.store
  group_id          = aws_identitystore_group_membership.m.group_id
}
output "found" {
  value = {
    by_name         = data.aws_ssoadmin_permission_set.by_name.arn
    by_arn          = data.aws_ssoadmin_permission_set.by_arn.name
    permission_sets = length(data.aws_ssoadmin_permission_sets.all.arns)
    user_ids        = distinct([data.aws_identitystore_user.name.user_id, data.aws_identitystore_user.mail.user_id, data.aws_identitystore_user.id.user_id])
    group           = data.aws_identitystore_group.name.group_id
    users           = length(data.aws_identitystore_users.all.users)
    groups          = length(data.aws_identitystore_groups.all.groups)
    members         = [for one in data.aws_identitystore_group_memberships.all.group_memberships : one.membership_id]
    application     = data.aws_ssoadmin_application.a.name
    assigned        = [for one in data.aws_ssoadmin_application_assignments.a.application_assignments : one.principal_id]
    of_principal    = [for one in data.aws_ssoadmin_principal_application_assignments.a.application_assignments : one.application_arn]
    providers       = length(data.aws_ssoadmin_application_providers.all.application_providers)
  }
}
