"""Walks the operations of user pools with boto3, whose own model checks every
answer's shape, and ends with "walked" and how many operations were called."""
import base64, hashlib, hmac, json, sys

import boto3
from botocore import UNSIGNED
from botocore.config import Config

endpoint, messages = sys.argv[1:3]
admin = boto3.client("cognito-idp", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id="any", aws_secret_access_key="any")
client = boto3.client("cognito-idp", endpoint_url=endpoint, region_name="us-east-1", config=Config(signature_version=UNSIGNED))
called = set()


def call(operation, by=admin, **members):
    called.add(operation)
    return getattr(by, operation)(**members)


def refused(code, operation, by=admin, **members):
    try:
        call(operation, by, **members)
    except by.exceptions.ClientError as e:
        got = e.response["Error"]
        assert got["Code"] == code, got
        return got["Message"]
    raise AssertionError(f"{operation} isn't refused")


def same(got, want):
    assert got == want, f"{got!r} is not {want!r}"


def mail():
    with open(messages) as f:
        return json.loads(f.readlines()[-1])


def secret_hash(secret, name, app):
    return base64.b64encode(hmac.new(secret.encode(), (name + app).encode(), hashlib.sha256).digest()).decode()


# What isn't served is refused by its name.
trigger = "arn:aws:lambda:us-east-1:000000000000:function:f"
for members, name in [
    ({"LambdaConfig": {"PreSignUp": trigger}}, "LambdaConfig.PreSignUp"),
    ({"LambdaConfig": {"PreTokenGenerationConfig": {"LambdaVersion": "V2_0", "LambdaArn": trigger}}}, "LambdaConfig.PreTokenGeneration"),
    ({"MfaConfiguration": "ON"}, "MfaConfiguration ON"),
    ({"EmailConfiguration": {"EmailSendingAccount": "DEVELOPER"}}, "EmailConfiguration"),
    ({"SmsConfiguration": {"SnsCallerArn": "arn:aws:iam::000000000000:role/sms"}}, "SmsConfiguration"),
    ({"DeviceConfiguration": {"ChallengeRequiredOnNewDevice": True}}, "DeviceConfiguration"),
    ({"UserPoolAddOns": {"AdvancedSecurityMode": "ENFORCED"}}, "UserPoolAddOns"),
    ({"UserPoolTier": "PLUS"}, "UserPoolTier PLUS"),
    ({"Policies": {"PasswordPolicy": {"PasswordHistorySize": 3}}}, "PasswordHistorySize"),
    ({"Policies": {"SignInPolicy": {"AllowedFirstAuthFactors": ["PASSWORD", "EMAIL_OTP"]}}}, "AllowedFirstAuthFactors"),
    ({"VerificationMessageTemplate": {"DefaultEmailOption": "CONFIRM_WITH_LINK"}}, "CONFIRM_WITH_LINK"),
    ({"UserAttributeUpdateSettings": {"AttributesRequireVerificationBeforeUpdate": ["email"]}}, "AttributesRequireVerificationBeforeUpdate"),
]:
    text = refused("InvalidParameterException", "create_user_pool", PoolName="p", **members)
    assert name in text, (name, text)
same(refused("InvalidParameterException", "describe_user_pool", UserPoolId="no pool"),
     "1 validation error detected: Value 'no pool' at 'userPoolId' failed to satisfy constraint: Member must satisfy regular expression pattern: [\\w-]+_[0-9a-zA-Z]+")
same(refused("ResourceNotFoundException", "describe_user_pool", UserPoolId="us-east-1_none"), "User pool us-east-1_none does not exist.")

# Pools.
settings = dict(
    Policies={"PasswordPolicy": {"MinimumLength": 10, "RequireNumbers": True, "RequireLowercase": True, "TemporaryPasswordValidityDays": 2}},
    AutoVerifiedAttributes=["email"], UserPoolTags={"team": "blue"}, DeletionProtection="ACTIVE",
    VerificationMessageTemplate={"DefaultEmailOption": "CONFIRM_WITH_CODE", "EmailMessage": "Your code: {####}", "EmailSubject": "Code"},
    AccountRecoverySetting={"RecoveryMechanisms": [{"Priority": 1, "Name": "verified_email"}]},
    EmailConfiguration={"EmailSendingAccount": "COGNITO_DEFAULT"}, LambdaConfig={}, MfaConfiguration="OFF",
)
made = call("create_user_pool", PoolName="walk", AliasAttributes=["email"], UsernameConfiguration={"CaseSensitive": False}, Schema=[
    {"Name": "email", "AttributeDataType": "String", "Required": True, "Mutable": True},
    {"Name": "rank", "AttributeDataType": "Number", "Mutable": True, "NumberAttributeConstraints": {"MinValue": "1", "MaxValue": "9"}}], **settings)["UserPool"]
pool = made["Id"]
shown = call("describe_user_pool", UserPoolId=pool)["UserPool"]
same(shown, {**made, "LastModifiedDate": shown["LastModifiedDate"]})
same(shown["Arn"], f"arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}")
same(shown["Policies"]["PasswordPolicy"]["MinimumLength"], 10)
same([a["Required"] for a in shown["SchemaAttributes"] if a["Name"] == "email"], [True])
same([a["NumberAttributeConstraints"] for a in shown["SchemaAttributes"] if a["Name"] == "custom:rank"], [{"MinValue": "1", "MaxValue": "9"}])
assert pool in [p["Id"] for p in call("list_user_pools", MaxResults=60)["UserPools"]]
call("create_user_pool", PoolName="second")
pages = list(admin.get_paginator("list_user_pools").paginate(MaxResults=1))
same([len(p["UserPools"]) for p in pages], [1, 1])
refused("InvalidParameterException", "delete_user_pool", UserPoolId=pool)
refused("InvalidParameterException", "update_user_pool", UserPoolId=pool, LambdaConfig={"PostConfirmation": trigger})
call("update_user_pool", UserPoolId=pool, **{**settings, "DeletionProtection": "INACTIVE"})
same(call("describe_user_pool", UserPoolId=pool)["UserPool"]["DeletionProtection"], "INACTIVE")

# Domain, resource server, clients.
call("create_user_pool_domain", UserPoolId=pool, Domain="walk")
same(call("describe_user_pool_domain", Domain="walk")["DomainDescription"]["UserPoolId"], pool)
same(call("describe_user_pool_domain", Domain="other")["DomainDescription"], {})
call("create_resource_server", UserPoolId=pool, Identifier="notes", Name="Notes", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}])
call("update_resource_server", UserPoolId=pool, Identifier="notes", Name="Notes", Scopes=[{"ScopeName": "read", "ScopeDescription": "Read"}, {"ScopeName": "write", "ScopeDescription": "Write"}])
same(len(call("describe_resource_server", UserPoolId=pool, Identifier="notes")["ResourceServer"]["Scopes"]), 2)
same(len(call("list_resource_servers", UserPoolId=pool, MaxResults=10)["ResourceServers"]), 1)
for members, name in [({"CallbackURLs": ["https://a.example"]}, "CallbackURLs"), ({"AllowedOAuthFlows": ["code"]}, "code"), ({"SupportedIdentityProviders": ["Google"]}, "SupportedIdentityProviders"),
                      ({"RefreshTokenRotation": {"Feature": "ENABLED"}}, "RefreshTokenRotation"), ({"ExplicitAuthFlows": ["ALLOW_USER_AUTH"]}, "ALLOW_USER_AUTH")]:
    text = refused("InvalidParameterException", "create_user_pool_client", UserPoolId=pool, ClientName="c", **members)
    assert name in text, (name, text)
made = call("create_user_pool_client", UserPoolId=pool, ClientName="web", GenerateSecret=True, PreventUserExistenceErrors="ENABLED", SupportedIdentityProviders=["COGNITO"],
            ExplicitAuthFlows=["ALLOW_USER_PASSWORD_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", "ALLOW_REFRESH_TOKEN_AUTH", "ALLOW_USER_SRP_AUTH"],
            AccessTokenValidity=10, TokenValidityUnits={"AccessToken": "minutes", "IdToken": "hours", "RefreshToken": "days"}, AuthSessionValidity=5)["UserPoolClient"]
app, secret = made["ClientId"], made["ClientSecret"]
same(call("describe_user_pool_client", UserPoolId=pool, ClientId=app)["UserPoolClient"], made)
keep = {k: v for k, v in made.items() if k not in ("ClientSecret", "CreationDate", "LastModifiedDate", "AllowedOAuthFlowsUserPoolClient", "EnablePropagateAdditionalUserContextData")}
same(call("update_user_pool_client", **{**keep, "ClientName": "renamed"})["UserPoolClient"]["ClientName"], "renamed")
same([c["ClientName"] for c in call("list_user_pool_clients", UserPoolId=pool, MaxResults=10)["UserPoolClients"]], ["renamed"])

# Users, by an administrator.
u = call("admin_create_user", UserPoolId=pool, Username="ann", TemporaryPassword="temporary-1", DesiredDeliveryMediums=["EMAIL"],
         UserAttributes=[{"Name": "email", "Value": "ann@example.com"}, {"Name": "email_verified", "Value": "true"}, {"Name": "custom:rank", "Value": "3"}])["User"]
same(u["UserStatus"], "FORCE_CHANGE_PASSWORD")
same(mail()["password"], "temporary-1")
same(refused("InvalidParameterException", "admin_update_user_attributes", UserPoolId=pool, Username="ann", UserAttributes=[{"Name": "custom:rank", "Value": "10"}]),
     "Attributes did not conform to the schema: custom:rank: Attribute must not be greater than 9\n")
call("admin_update_user_attributes", UserPoolId=pool, Username="ANN", UserAttributes=[{"Name": "nickname", "Value": "A"}])
h = secret_hash(secret, "ann", app)
r = call("admin_initiate_auth", UserPoolId=pool, ClientId=app, AuthFlow="ADMIN_USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann", "PASSWORD": "temporary-1", "SECRET_HASH": h})
same(r["ChallengeName"], "NEW_PASSWORD_REQUIRED")
r = call("admin_respond_to_auth_challenge", UserPoolId=pool, ClientId=app, ChallengeName=r["ChallengeName"], Session=r["Session"],
         ChallengeResponses={"USERNAME": "ann", "NEW_PASSWORD": "chosen-horse-2", "SECRET_HASH": h})["AuthenticationResult"]
same(r["ExpiresIn"], 600)
same(call("admin_get_user", UserPoolId=pool, Username="ann@example.com")["UserStatus"], "CONFIRMED")
call("create_group", UserPoolId=pool, GroupName="staff", Description="d", Precedence=2, RoleArn="arn:aws:iam::000000000000:role/staff")
refused("GroupExistsException", "create_group", UserPoolId=pool, GroupName="staff")
same(call("get_group", UserPoolId=pool, GroupName="staff")["Group"]["Precedence"], 2)
same(len(call("list_groups", UserPoolId=pool)["Groups"]), 1)
call("admin_add_user_to_group", UserPoolId=pool, Username="ann", GroupName="staff")
same([g["GroupName"] for g in call("admin_list_groups_for_user", UserPoolId=pool, Username="ann")["Groups"]], ["staff"])
call("admin_remove_user_from_group", UserPoolId=pool, Username="ann", GroupName="staff")
same(call("admin_list_groups_for_user", UserPoolId=pool, Username="ann")["Groups"], [])
same(refused("ResourceNotFoundException", "admin_add_user_to_group", UserPoolId=pool, Username="ann", GroupName="none"), "Group not found.")
same([u["Username"] for u in call("list_users", UserPoolId=pool, Filter='email ^= "ann"')["Users"]], ["ann"])
same(call("list_users", UserPoolId=pool, AttributesToGet=["nickname"])["Users"][0]["Attributes"], [{"Name": "nickname", "Value": "A"}])
call("admin_user_global_sign_out", UserPoolId=pool, Username="ann")
same(refused("NotAuthorizedException", "get_user", client, AccessToken=r["AccessToken"]), "Access Token has been revoked")
call("admin_disable_user", UserPoolId=pool, Username="ann")
call("admin_enable_user", UserPoolId=pool, Username="ann")
call("admin_set_user_password", UserPoolId=pool, Username="ann", Password="another-horse-3", Permanent=True)

# Users, by themselves.
r = call("initiate_auth", client, ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann", "PASSWORD": "another-horse-3", "SECRET_HASH": h},
         ClientMetadata={"a": "b"}, UserContextData={"EncodedData": "x"})["AuthenticationResult"]
same(call("get_user", client, AccessToken=r["AccessToken"])["Username"], "ann")
call("update_user_attributes", client, AccessToken=r["AccessToken"], UserAttributes=[{"Name": "nickname", "Value": "B"}])
call("change_password", client, AccessToken=r["AccessToken"], PreviousPassword="another-horse-3", ProposedPassword="yet-another-4")
call("revoke_token", client, Token=r["RefreshToken"], ClientId=app, ClientSecret=secret)
refused("NotAuthorizedException", "initiate_auth", client, ClientId=app, AuthFlow="REFRESH_TOKEN_AUTH", AuthParameters={"REFRESH_TOKEN": r["RefreshToken"], "SECRET_HASH": h})
r = call("initiate_auth", client, ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "ann", "PASSWORD": "yet-another-4", "SECRET_HASH": h})["AuthenticationResult"]
call("global_sign_out", client, AccessToken=r["AccessToken"])
same(call("forgot_password", client, ClientId=app, Username="ann", SecretHash=h)["CodeDeliveryDetails"], {"Destination": "a***@e***", "DeliveryMedium": "EMAIL", "AttributeName": "email"})
call("confirm_forgot_password", client, ClientId=app, Username="ann", SecretHash=h, ConfirmationCode=mail()["code"], Password="recovered-5-horse")
b = secret_hash(secret, "bob", app)
same(refused("InvalidPasswordException", "sign_up", client, ClientId=app, SecretHash=b, Username="bob", Password="short"), "Password did not conform with policy: Password not long enough")
s = call("sign_up", client, ClientId=app, SecretHash=b, Username="bob", Password="bobs-horse-1", UserAttributes=[{"Name": "email", "Value": "bob@example.com"}])
same(s["UserConfirmed"], False)
same(mail()["text"], "Your code: " + mail()["code"])
call("resend_confirmation_code", client, ClientId=app, SecretHash=b, Username="bob")
same(refused("CodeMismatchException", "confirm_sign_up", client, ClientId=app, SecretHash=b, Username="bob", ConfirmationCode="x"), "Invalid verification code provided, please try again.")
call("confirm_sign_up", client, ClientId=app, SecretHash=b, Username="bob", ConfirmationCode=mail()["code"])
c = secret_hash(secret, "eve", app)
call("sign_up", client, ClientId=app, SecretHash=c, Username="eve", Password="eves-horse-1", UserAttributes=[{"Name": "email", "Value": "eve@example.com"}])
call("admin_confirm_sign_up", UserPoolId=pool, Username="eve")
same(refused("NotAuthorizedException", "initiate_auth", client, ClientId=app, AuthFlow="USER_PASSWORD_AUTH", AuthParameters={"USERNAME": "nobody", "PASSWORD": "x", "SECRET_HASH": secret_hash(secret, "nobody", app)}),
     "Incorrect username or password.")
same(call("describe_user_pool", UserPoolId=pool)["UserPool"]["EstimatedNumberOfUsers"], 3)
try:
    call("respond_to_auth_challenge", client, ClientId=app, ChallengeName="SMS_MFA", ChallengeResponses={"USERNAME": "ann"})
except client.exceptions.InvalidParameterException:
    pass

# The end of all.
call("admin_delete_user", UserPoolId=pool, Username="eve")
refused("UserNotFoundException", "admin_get_user", UserPoolId=pool, Username="eve")
call("delete_group", UserPoolId=pool, GroupName="staff")
call("delete_resource_server", UserPoolId=pool, Identifier="notes")
call("delete_user_pool_client", UserPoolId=pool, ClientId=app)
refused("InvalidParameterException", "delete_user_pool", UserPoolId=pool)
call("delete_user_pool_domain", UserPoolId=pool, Domain="walk")
call("delete_user_pool", UserPoolId=pool)
refused("ResourceNotFoundException", "describe_user_pool", UserPoolId=pool)
print("walked", len(called))
