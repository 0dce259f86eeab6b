"""Tokens that are good, and what is read from them.

Of each the judge must say oid, groups, overage, roles, contexts, authenticated_at, guest, upn and
uti. What is not named here is empty, false or absent; upn and uti are then not looked at.
"""
from world import *

good("entra", "An ordinary token as Entra issues it, backdated by five minutes.", token(), upn=UPN,
     uti="uti-1")
good("entra-upper-case", "GUIDs in upper case, no typ, groups and app roles.",
     token(header(typ=None), claims(oid=OID.upper(), tid=TENANT.upper(), roles=["Elevate.Dba"],
                                    groups=["ABCDEF00-0000-4000-8000-000000000004"])),
     groups=["abcdef00-0000-4000-8000-000000000004"], roles=["Elevate.Dba"])

# --- header and bytes ----------------------------------------------------------------------------
good("header-other-members", "A header with members that say nothing to us.",
     token(header(x5t="main", cty="JWT", nonce="x")))
good("header-escaped", "alg written with an escape: the same text.",
     token('{"alg":"RS\\u003256","kid":"main"}'))
good("payload-blanks", "JSON with blanks, tabs and newlines around it.",
     token(body="\n\t " + json.dumps(claims(), indent=2) + "\r\n"))
good("payload-escaped-name", "A member's name written with an escape.",
     token(body=text(claims(oid=None))[:-1] + ',"\\u006fid":"' + OID + '"}'))
good("payload-unicode", "A display name of other scripts.",
     token(body=text(json.dumps(claims(name="Ålïçé 李 🐧"), ensure_ascii=False))))
good("payload-depth-16", "Nesting as deep as is read.",
     token(body=claims(x=json.loads("[" * 15 + "]" * 15))))


def sized(length):
    """A good token of exactly so many characters, most of them blanks before the payload."""
    for more in range(4):
        head = b64(" " * more + text(header()))
        left = length - len(head) - 2 - len(b64(bytes(main.size)))
        body = text(claims())
        fill = left * 3 // 4 - len(body)
        made = sign_parts(head, b64(" " * fill + body))
        if len(made) == length:
            return made
    raise AssertionError(length)


def stretched(made):
    """What repeats in it, told once: `token` has `insert` at `at`, `times` times."""
    at, insert = made.index(".") + 1, b64("   ")
    end = at
    while made.startswith(insert, end):
        end += len(insert)
    return {"made": made[:at] + made[end:], "insert": insert, "at": at,
            "times": (end - at) // len(insert)}


good("size-most", "As large as a token may be.", **stretched(sized(MOST_BYTES)))
case("malformed", "size-over", "One character larger than a token may be, and rightly signed.",
     **stretched(sized(MOST_BYTES + 1)))

# --- keys ----------------------------------------------------------------------------------------
good("entra-second-key", "Signed by a key that names no issuer.",
     token(header(kid="second"), key=second))
good("entra-key-of-ours", "Signed by a key that names our issuer and no template.",
     token(header(kid="ours"), key=second))
good("plain-key-of-ours", "A key that names the issuer, at another provider.",
     token(header(kid="ours"), plain(), key=second), "plain")

# --- times ---------------------------------------------------------------------------------------
good("entra-edges", "Every time at the last second that the skew still allows.",
     token(header(typ="jwt"), claims(iat=BEGAN - BACKDATING - SKEW, nbf=NOW + SKEW,
                                     exp=NOW - SKEW + 1)))
good("exp-last", "One second before its end, skew and all.",
     token(body=claims(exp=NOW - SKEW + 1)))
good("nbf-last", "Valid from the last second of the skew on.", token(body=claims(nbf=NOW + SKEW)))
good("iat-last", "Issued at the last second of the skew.", token(body=claims(iat=NOW + SKEW)))
good("iat-first", "Issued 300 s and the skew before the request began.",
     token(body=claims(iat=BEGAN - BACKDATING - SKEW)))
good("exp-year-9999", "An end in the last second of the year 9999.",
     token(body=claims(exp=253402300799)))

# --- audience ------------------------------------------------------------------------------------
good("entra-azp", "azp that names us.", token(body=claims(azp=CLIENT)))
good("plain", "Another provider: sub, no nbf.", token(body=plain()), "plain")
good("plain-aud-list", "aud as a list of us alone.", token(body=plain(aud=[CLIENT])), "plain")
good("plain-aud-azp", "aud with another reader too, issued to us by azp.",
     token(body=plain(aud=["other", CLIENT], azp=CLIENT)), "plain")
good("plain-scp", "scp means nothing at another provider.", token(body=plain(scp="openid")),
     "plain")
good("plain-more", "nbf, jti, auth_time and a sub of 255 characters.",
     token(body=plain(nbf=NOW, jti="j-1", auth_time=NOW - 40, sub="s" * 255)), "plain",
     oid="s" * 255, uti="j-1", authenticated_at=NOW - 40)
good("plain-entra-claims", "What only Entra means: acct, idp, upn, uti, ver of a wrong type.",
     token(body=plain(acct=1, idp="x", upn="alice@example.org", uti=7, ver=1)), "plain", upn="")

# --- groups and roles ----------------------------------------------------------------------------
good("entra-overage", "Too many groups: Entra names a source in place of the list.",
     token(body=claims(_claim_names={"groups": "src1"}, _claim_sources={
         "src1": {"endpoint": "https://graph.windows.net/T/users/O/getMemberObjects"}})),
     overage=True)
good("entra-hasgroups", "Too many groups, told by hasgroups.", token(body=claims(hasgroups=True)),
     overage=True)
good("hasgroups-text", "hasgroups as the text true.", token(body=claims(hasgroups="true")),
     overage=True)
good("hasgroups-false", "hasgroups that says no.", token(body=claims(hasgroups=False)))
good("claim-names-others", "Another claim is left out, the groups are not.",
     token(body=claims(_claim_names={"roles": "src1"}, groups=["g"])), groups=["g"])
good("entra-1000-groups", "As many groups as are read.",
     token(body=claims(groups=["g%d" % i for i in range(1000)])),
     groups=["g%d" % i for i in range(1000)])
good("entra-1001-groups", "More groups than are ever read count as too many.",
     token(body=claims(groups=["g%d" % i for i in range(1001)])), overage=True)
good("groups-none", "In no group at all.", token(body=claims(groups=[], roles=[])), groups=[])

# --- authentication contexts, time of the sign-in ------------------------------------------------
good("acrs-list", "Two contexts in a list.", token(body=claims(acrs=["c1", "p1"])),
     contexts=["c1", "p1"])
good("acrs-text", "A lone context as a text.", token(body=claims(acrs="c1")), contexts=["c1"])
good("acrs-none", "An empty list of contexts: none was satisfied.", token(body=claims(acrs=[])))
good("acrs-name-alike", "Contexts that begin like another one are other ones.",
     token(body=claims(acrs=["c11", "C1", " c1"])), contexts=["c11", "C1", " c1"])
good("acr-is-not-acrs", "acr and amr say nothing of contexts.",
     token(body=claims(acr="c1", amr=["mfa", "c1"])))
good("auth-time", "The time of the sign-in.", token(body=claims(auth_time=NOW - 100)),
     authenticated_at=NOW - 100)
good("auth-time-old", "A sign-in of days ago: told as it is.",
     token(body=claims(auth_time=NOW - 864000)), authenticated_at=NOW - 864000)

# --- the token's id ------------------------------------------------------------------------------
anonymous = token(body=claims(uti=None))
good("uti-absent", "No id of its own: known by its signature.", anonymous,
     uti=anonymous.split(".")[2][:86])
anonymous = token(body=claims(uti=""))
good("uti-empty", "An id without a character is none.", anonymous,
     uti=anonymous.split(".")[2][:86])
good("uti-most", "The longest id that is taken.", token(body=claims(uti="u" * 256)), uti="u" * 256)

# --- guests --------------------------------------------------------------------------------------
good("acct-member", "A member of the tenant by acct and idp.",
     token(body=claims(acct=0, idp=ISSUER)))
good("acct-guest", "A guest by acct.", token(body=claims(acct=1)), guest=True)
good("idp-guest", "A guest by idp.",
     token(body=claims(idp="https://sts.windows.net/" + OTHER + "/")), guest=True)
good("idp-guest-member-acct", "A member by acct and a guest by idp is a guest.",
     token(body=claims(acct=0, idp="live.com")), guest=True)
for name, tries, change in [
        ("acct-text", "acct as a text counts as a guest.", {"acct": "0"}),
        ("acct-real", "acct as a real number counts as a guest.", {"acct": 0.0}),
        ("acct-false", "acct as a boolean counts as a guest.", {"acct": False}),
        ("acct-two", "An acct that nobody knows counts as a guest.", {"acct": 2}),
        ("idp-number", "An idp that is a number counts as a guest.", {"idp": 7}),
        ("idp-list", "A list with our issuer as idp counts as a guest.", {"idp": [ISSUER]})]:
    good(name, tries, token(body=claims(**change)), guest=True)

# --- names, which are never who somebody is ------------------------------------------------------
for name, tries, change in [
        ("noauth-email", "Alice's address, verified even, with another oid: another person.",
         {"email": UPN, "xms_edov": True, "email_verified": True, "preferred_username": None}),
        ("noauth-preferred-username", "Alice's sign-in name with another oid: another person.",
         {"preferred_username": UPN}),
        ("noauth-upn", "Alice's user principal name with another oid: another person.",
         {"upn": UPN}),
        ("noauth-unique-name", "Alice's oid as unique_name, sub and name: another person.",
         {"unique_name": OID, "sub": OID, "name": OID})]:
    good(name, tries, token(body=claims(oid=OTHER, **change)), oid=OTHER)
good("upn", "upn counts before preferred_username, in lower case.",
     token(body=claims(upn="Alice@Contoso.Example", preferred_username="bob@contoso.example")),
     upn=UPN)
good("upn-none", "No name that could be matched, only addresses.",
     token(body=claims(preferred_username=None, email=UPN, unique_name=UPN, name=UPN)), upn="")
good("upn-most", "The longest upn that is read.", token(body=claims(upn="a" * 320)),
     upn="a" * 320)
for name, tries, upn in [
        ("upn-long", "A upn that is too long is none, nor is the other name taken.", "a" * 321),
        ("upn-empty", "An empty upn is none, nor is the other name taken.", ""),
        ("upn-blank", "A upn with a blank is none.", "alice @contoso.example"),
        ("upn-newline", "A upn with a newline is none.", UPN + "\n"),
        ("upn-other-script", "A upn with a letter that looks like ours is none.",
         "\u0430lice@contoso.example"),
        ("upn-kelvin", "A sign whose lower case would be one of ours is none.",
         "\u212aelvin@contoso.example")]:
    good(name, tries, token(body=claims(upn=upn)), upn="")
