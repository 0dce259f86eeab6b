"""Tokens that are rightly signed and say the wrong thing."""
from world import *

# What json can not write with `claims(...)`, where None means absent.
NULL = object()


def with_null(make, change):
    body = make(**{k: v for k, v in change.items() if v is not NULL})
    for name in (k for k, v in change.items() if v is NULL):
        body = {**body, name: None}
    return token(body=body)


def each(expect, rows, make=claims, profile="entra"):
    for name, tries, change in rows:
        case(expect, name, tries, with_null(make, change), profile)


# --- the issuer ----------------------------------------------------------------------------------
each("wrong-issuer", [
    ("iss-tenant", "A whole token of another tenant under our keys, with the same sub.",
     {"iss": HOST + OTHER + "/v2.0", "tid": OTHER}),
    ("iss-of-other-tid", "Our issuer, another tenant's tid.", {"tid": OTHER}),
    ("tid-of-other-iss", "Our tid, another tenant's issuer.", {"iss": HOST + OTHER + "/v2.0"}),
    ("iss-consumers", "The consumer tenant's token under our keys.",
     {"iss": HOST + CONSUMERS + "/v2.0", "tid": CONSUMERS}),
    ("tid-absent", "No tid.", {"tid": None}),
    ("tid-null", "A tid that is null.", {"tid": NULL}),
    ("tid-empty", "An empty tid.", {"tid": ""}),
    ("tid-no-guid", "A tid that is no GUID.", {"tid": "contoso.example"}),
    ("tid-braces", "Our tid in braces.", {"tid": "{" + TENANT + "}"}),
    ("tid-blank", "Our tid and a blank.", {"tid": TENANT + " "}),
    ("tid-list", "A list of tids with ours.", {"tid": [TENANT]}),
    ("iss-absent", "No issuer.", {"iss": None}),
    ("iss-null", "An issuer that is null.", {"iss": NULL}),
    ("iss-empty", "An empty issuer.", {"iss": ""}),
    ("iss-list", "A list of issuers with ours.", {"iss": [ISSUER]}),
    ("iss-slash", "Our issuer and a slash.", {"iss": ISSUER + "/"}),
    ("iss-cut", "Our issuer without its version.", {"iss": HOST + TENANT}),
    ("iss-blank", "Our issuer and a blank.", {"iss": ISSUER + " "}),
    ("iss-query", "Our issuer and a question mark.", {"iss": ISSUER + "?"}),
    ("iss-prefix", "A host that begins like Microsoft's.",
     {"iss": ISSUER.replace(".com/", ".com.evil.example/")}),
    ("iss-user", "Microsoft's host as the user part of another.",
     {"iss": ISSUER.replace(".com/", ".com@evil.example/")}),
    ("iss-http", "Our issuer without TLS.", {"iss": ISSUER.replace("https", "http")}),
    ("iss-port", "Our issuer with its port.", {"iss": ISSUER.replace(".com/", ".com:443/")}),
    ("iss-us", "Our tenant in another cloud.", {"iss": ISSUER.replace(".com/", ".us/")}),
    ("iss-upper-case", "Our issuer in upper case.", {"iss": ISSUER.upper()}),
    ("iss-upper-case-tenant", "Our issuer with the tenant in upper case.",
     {"iss": HOST + TENANT.upper() + "/v2.0"}),
    ("iss-template", "The template of the issuer, not filled in.",
     {"iss": HOST + "{tenantid}/v2.0"}),
    ("iss-common", "An issuer that is everybody's.", {"iss": HOST + "common/v2.0"}),
    ("v1", "A token of version 1.0.",
     {"iss": "https://sts.windows.net/" + TENANT + "/", "ver": "1.0"}),
    ("v1-iss", "The issuer of 1.0 with the version 2.0.",
     {"iss": "https://sts.windows.net/" + TENANT + "/"}),
    ("ver-1", "Version 1.0 with the issuer of 2.0.", {"ver": "1.0"}),
    ("ver-number", "The version as a number.", {"ver": 2.0}),
    ("ver-short", "The version without its nought.", {"ver": "2"}),
    ("ver-blank", "The version and a blank.", {"ver": "2.0 "}),
    ("ver-absent", "No version.", {"ver": None})])
case("wrong-issuer", "plain-to-entra", "Another provider's token at an Entra host.",
     token(body=plain()))
case("wrong-issuer", "entra-to-plain", "Entra's token at a host of another provider.", token(),
     "plain")
each("wrong-issuer", [
    ("plain-iss-slash", "The issuer and a slash.", {"iss": PLAIN + "/"}),
    ("plain-iss-below", "An issuer below the right one.", {"iss": PLAIN + "/evil"})],
     plain, "plain")

# --- the audience --------------------------------------------------------------------------------
each("wrong-audience", [
    ("aud-other", "A token for another application.", {"aud": OTHER}),
    ("aud-graph", "A token for Microsoft Graph.", {"aud": "00000003-0000-0000-c000-000000000000"}),
    ("aud-absent", "No audience.", {"aud": None}),
    ("aud-null", "An audience that is null.", {"aud": NULL}),
    ("aud-empty", "An empty audience.", {"aud": ""}),
    ("aud-number", "An audience that is a number.", {"aud": 7}),
    ("aud-object", "An audience that is an object.", {"aud": {CLIENT: True}}),
    ("aud-list", "A list with us alone: Entra never sends one.", {"aud": [CLIENT]}),
    ("aud-list-two", "A list with us and another.", {"aud": [CLIENT, OTHER], "azp": CLIENT}),
    ("aud-prefix", "Our id and something after it.", {"aud": CLIENT + "0"}),
    ("aud-cut", "Our id without its end.", {"aud": CLIENT[:-1]}),
    ("aud-two-in-text", "Us and another in one text.", {"aud": CLIENT + " " + OTHER}),
    ("aud-upper-case", "Our id in upper case: not as it was registered.",
     {"aud": CLIENT.upper()}),
    ("aud-uri", "Our id as an API's URI.", {"aud": "api://" + CLIENT}),
    ("access-token", "An access token for ourselves in place of the ID token.",
     {"scp": "Elevate", "azp": CLIENT, "azpacr": "0"}),
    ("access-token-no-azp", "The same, without azp.", {"scp": "Elevate"}),
    ("access-token-scp-empty", "An access token with no scope left.", {"scp": ""}),
    ("access-token-scp-list", "An access token whose scopes are a list.", {"scp": ["Elevate"]}),
    ("access-token-graph", "An access token for Graph with our id as azp.",
     {"aud": "https://graph.microsoft.com", "azp": CLIENT, "scp": "User.Read"}),
    ("azp-other", "For us, but issued to another application.", {"azp": OTHER}),
    ("azp-empty", "An empty azp.", {"azp": ""}),
    ("azp-null", "An azp that is null.", {"azp": NULL}),
    ("azp-upper-case", "Our id as azp in upper case.", {"azp": CLIENT.upper()}),
    ("azp-list", "A list of azp with ours.", {"azp": [CLIENT]})])
each("wrong-audience", [
    ("plain-aud-two", "Two readers and no azp.", {"aud": [CLIENT, "other"]}),
    ("plain-aud-azp-other", "Two readers, issued to the other.",
     {"aud": [CLIENT, "other"], "azp": "other"}),
    ("plain-aud-alone-azp-other", "For us alone, issued to another.", {"azp": "other"}),
    ("plain-aud-twice", "We ourselves twice.", {"aud": [CLIENT, CLIENT], "azp": CLIENT}),
    ("plain-aud-number", "A number among the readers.", {"aud": [CLIENT, 7], "azp": CLIENT}),
    ("plain-aud-nested", "We in a list in the list.", {"aud": [[CLIENT]]}),
    ("plain-aud-others", "A list of others, issued to us.", {"aud": ["other"], "azp": CLIENT}),
    ("plain-aud-empty", "An empty list.", {"aud": []})], plain, "plain")

# --- the times -----------------------------------------------------------------------------------
each("expired", [
    ("exp-edge", "Expired at this second, skew and all.", {"exp": NOW - SKEW}),
    ("exp-one", "An end in the first second of 1970.", {"exp": 1}),
    ("exp-old", "Ninety minutes old.", {"iat": NOW - 9300, "exp": NOW - 5400})])
each("not-yet-valid", [
    ("nbf-edge", "Valid one second after the skew.", {"nbf": NOW + SKEW + 1}),
    ("iat-edge", "Issued one second after the skew.", {"iat": NOW + SKEW + 1}),
    ("nbf-far", "Valid from the year 9999 on.", {"nbf": 253402300799}),
    ("iat-far", "Issued in the year 9999.", {"iat": 253402300799, "exp": 253402300799})])
each("stale", [
    ("iat-stale", "Issued one second too long before the request began.",
     {"iat": BEGAN - BACKDATING - SKEW - 1}),
    ("iat-one", "Issued in the first second of 1970.", {"iat": 1}),
    ("iat-hour", "Good for hours yet, but from an hour ago.", {"iat": NOW - 3600})])
for claim, word in [("exp", "end"), ("nbf", "begin"), ("iat", "time of issue")]:
    each("malformed", [
        (claim + "-absent", "No %s." % word, {claim: None}),
        (claim + "-null", "The %s as null." % word, {claim: NULL}),
        (claim + "-text", "The %s as a text." % word, {claim: str(NOW)}),
        (claim + "-real", "The %s as a real number." % word, {claim: NOW + 0.5}),
        (claim + "-whole-real", "The %s as a real number without a fraction." % word,
         {claim: float(NOW)}),
        (claim + "-true", "The %s as a boolean." % word, {claim: True}),
        (claim + "-list", "The %s in a list." % word, {claim: [NOW]}),
        (claim + "-object", "The %s in an object." % word, {claim: {"value": NOW}}),
        (claim + "-zero", "The %s as nought." % word, {claim: 0}),
        (claim + "-negative", "The %s before 1970." % word, {claim: -NOW}),
        (claim + "-huge", "The %s past the year 9999." % word, {claim: 253402300800}),
        (claim + "-largest", "The %s as the largest number of 64 bits." % word,
         {claim: 2**63 - 1}),
        (claim + "-smallest", "The %s as the smallest number of 64 bits." % word,
         {claim: -2**63}),
        (claim + "-overflow", "The %s past 64 bits." % word, {claim: 2**64 + NOW}),
        (claim + "-milliseconds", "The %s in milliseconds." % word, {claim: NOW * 1000})])
    case("malformed", claim + "-exponent", "The %s with an exponent." % word,
         token(body=text(claims(**{claim: None}))[:-1] + ',"%s":1.79e9}' % claim))
each("malformed", [
    ("plain-nbf-text", "nbf is optional here, but not as a text.", {"nbf": "0"}),
    ("plain-nbf-null", "Nor as null.", {"nbf": NULL}),
    ("plain-auth-time-text", "The sign-in's time as a text.", {"auth_time": str(NOW)}),
    ("plain-jti-number", "A token id that is a number.", {"jti": 7})], plain, "plain")
each("not-yet-valid", [("plain-nbf-edge", "It counts where it is there.",
                        {"nbf": NOW + SKEW + 1})], plain, "plain")

# --- the person ----------------------------------------------------------------------------------
each("no-subject", [
    ("oid-absent", "No oid; sub, mail, upn and name as the tenant's users may set them.",
     {"oid": None, "sub": OID, "email": UPN, "upn": UPN, "unique_name": OID}),
    ("oid-null", "An oid that is null.", {"oid": NULL}),
    ("oid-empty", "An empty oid.", {"oid": ""}),
    ("oid-name", "A display name as oid.", {"oid": "alice"}),
    ("oid-upn", "A user principal name as oid.", {"oid": UPN}),
    ("oid-number", "An oid that is a number.", {"oid": 7}),
    ("oid-list", "A list of oids.", {"oid": [OID]}),
    ("oid-object", "An object as oid.", {"oid": {"id": OID}}),
    ("oid-braces", "A GUID in braces.", {"oid": "{" + OID + "}"}),
    ("oid-bare", "A GUID without its dashes.", {"oid": OID.replace("-", "")}),
    ("oid-dashes", "A GUID with its dashes elsewhere.",
     {"oid": "a11ce0000-000-4000-8000-000000000003"}),
    ("oid-hex", "A GUID with a letter that is no digit.", {"oid": OID[:-1] + "g"}),
    ("oid-blank", "A blank and a GUID.", {"oid": " " + OID}),
    ("oid-newline", "A GUID and a newline.", {"oid": OID + "\n"}),
    ("oid-full-width", "A GUID with a digit of another script.", {"oid": OID[:-1] + "\uff13"})])
each("no-subject", [
    ("plain-sub-absent", "No sub, but an oid.", {"sub": None, "oid": OID}),
    ("plain-sub-empty", "An empty sub.", {"sub": ""}),
    ("plain-sub-number", "A sub that is a number.", {"sub": 7}),
    ("plain-sub-list", "A list of subs.", {"sub": ["alice|7"]}),
    ("plain-sub-blank", "A sub with a blank.", {"sub": "alice 7"}),
    ("plain-sub-escape", "A sub that would write to a terminal.", {"sub": "a\x1b[2J"}),
    ("plain-sub-delete", "A sub with the last character of ASCII.", {"sub": "a\x7f"}),
    ("plain-sub-utf8", "A sub that is not ASCII.", {"sub": "alicé"}),
    ("plain-sub-long", "A sub of 256 bytes.", {"sub": "a" * 256})], plain, "plain")

# --- claims of a wrong type: nothing of the token is then believed --------------------------------
for claim in ("groups", "roles", "acrs"):
    each("malformed", [
        (claim + "-null", claim + " as null.", {claim: NULL}),
        (claim + "-number", claim + " as a number.", {claim: 1}),
        (claim + "-true", claim + " as a boolean.", {claim: True}),
        (claim + "-object", claim + " as an object.", {claim: {"c1": True}}),
        (claim + "-numbers", "A number among " + claim + ".", {claim: ["c1", 7]}),
        (claim + "-nested", "A list among " + claim + ".", {claim: [["c1"]]}),
        (claim + "-with-null", "null among " + claim + ".", {claim: ["c1", None]}),
        (claim + "-with-empty", "An empty text among " + claim + ".", {claim: ["c1", ""]}),
        (claim + "-with-long", "A text that is too long among " + claim + ".",
         {claim: ["c1", "x" * 257]})])
each("malformed", [
    ("groups-text", "groups as a text.", {"groups": "admins"}),
    ("roles-text", "roles as a text.", {"roles": "Elevate.Dba"}),
    ("roles-1001", "More app roles than any application has.",
     {"roles": ["r%d" % i for i in range(1001)]}),
    ("acrs-1001", "More contexts than there are.", {"acrs": ["c%d" % i for i in range(1001)]}),
    ("acrs-text-empty", "A lone context without a character.", {"acrs": ""}),
    ("acrs-text-long", "A lone context that is too long.", {"acrs": "c" * 257}),
    ("hasgroups-number", "hasgroups as a number.", {"hasgroups": 1}),
    ("hasgroups-null", "hasgroups as null.", {"hasgroups": NULL}),
    ("hasgroups-word", "hasgroups as another text.", {"hasgroups": "yes"}),
    ("hasgroups-list", "hasgroups as a list.", {"hasgroups": [True]}),
    ("claim-names-text", "_claim_names as a text.", {"_claim_names": "groups"}),
    ("claim-names-list", "_claim_names as a list.", {"_claim_names": ["groups"]}),
    ("claim-names-null", "_claim_names as null.", {"_claim_names": NULL}),
    ("auth-time-text", "The sign-in's time as a text.", {"auth_time": str(NOW)}),
    ("auth-time-real", "The sign-in's time as a real number.", {"auth_time": NOW + 0.5}),
    ("auth-time-true", "The sign-in's time as a boolean.", {"auth_time": True}),
    ("auth-time-null", "The sign-in's time as null.", {"auth_time": NULL}),
    ("auth-time-list", "The sign-in's time in a list.", {"auth_time": [NOW]}),
    ("auth-time-negative", "A sign-in before 1970.", {"auth_time": -1}),
    ("auth-time-zero", "A sign-in at nought.", {"auth_time": 0}),
    ("auth-time-huge", "A sign-in past the year 9999.", {"auth_time": 253402300800}),
    ("uti-number", "A token id that is a number.", {"uti": 7}),
    ("uti-null", "A token id that is null.", {"uti": NULL}),
    ("uti-list", "A token id in a list.", {"uti": ["uti-1"]}),
    ("uti-long", "A token id that is too long.", {"uti": "u" * 257}),
    ("upn-number", "A upn that is a number.", {"upn": 7}),
    ("upn-null", "A upn that is null, beside another name.", {"upn": NULL}),
    ("upn-list", "A list of upns.", {"upn": [UPN]}),
    ("preferred-username-list", "A list of sign-in names.", {"preferred_username": [UPN]}),
    ("preferred-username-true", "A sign-in name that is a boolean.",
     {"preferred_username": True})])
