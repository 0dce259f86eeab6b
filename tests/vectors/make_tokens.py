#!/usr/bin/env python3
"""Makes tokens.json: ID tokens good and hostile, each with what it tries and how it must be judged.

Needs python3 and the openssl command. Every run makes new keys and throws the private ones away,
so the tests need none. All times are fixed by `now` in the file. Run from this folder:
    python3 make_tokens.py > tokens.json
"""
import base64
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile

NOW = 1790000000
BEGAN = NOW - 60
SKEW = 120
TENANT = "6f1c0000-0000-4000-8000-000000000001"
OTHER = "0bad0000-0000-4000-8000-00000000000f"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
CLIENT = "c11e0000-0000-4000-8000-000000000002"
OID = "a11ce000-0000-4000-8000-000000000003"
HOST = "https://login.microsoftonline.com/"
ISSUER = HOST + TENANT + "/v2.0"
PLAIN = "https://id.example.org"
scratch = tempfile.TemporaryDirectory()


def run(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def b64(raw):
    if isinstance(raw, str):
        raw = raw.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def number(value):
    return b64(value.to_bytes((value.bit_length() + 7) // 8, "big"))


class Rsa:
    def __init__(self, name, bits=2048):
        self.path = os.path.join(scratch.name, name)
        run("genrsa", "-out", self.path, str(bits))
        modulus = run("rsa", "-in", self.path, "-noout", "-modulus").decode()
        self.n = int(modulus.strip().split("=")[1], 16)
        self.size = bits // 8
        self.pem = run("rsa", "-in", self.path, "-pubout")

    def sign(self, data, digest="sha256", extra=()):
        return run("dgst", "-" + digest, "-sign", self.path, *extra, data=data)

    def pss(self, data):
        return self.sign(data, extra=("-sigopt", "rsa_padding_mode:pss", "-sigopt",
                                      "rsa_pss_saltlen:32"))


def jwk(key, kid, e=65537, **more):
    return {"kty": "RSA", "use": "sig", "kid": kid, "n": number(key.n), "e": number(e), **more}


main, second, attacker = Rsa("main"), Rsa("second"), Rsa("attacker")
consumer, small, enc = Rsa("consumer"), Rsa("small", 1024), Rsa("enc")
ec_path = os.path.join(scratch.name, "ec")
run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", ec_path)
ec_point = run("ec", "-in", ec_path, "-pubout", "-outform", "DER")[-64:]

entra_keys = {"keys": [
    jwk(second, "second", x5t="second"),
    jwk(main, "main", issuer=HOST + "{tenantid}/v2.0", x5c=["MII"]),
    jwk(consumer, "consumer", issuer=HOST + CONSUMERS + "/v2.0"),
    jwk(small, "small"),
    jwk(attacker, "one", e=1),
    jwk(attacker, "rs512", alg="RS512"),
    {**jwk(enc, "enc"), "use": "enc"},
    {k: v for k, v in jwk(enc, "aimless").items() if k != "use"},
    {"kty": "EC", "use": "sig", "kid": "ec", "crv": "P-256", "x": b64(ec_point[:32]),
     "y": b64(ec_point[32:])},
    {"kty": "oct", "use": "sig", "kid": "oct", "k": b64(b"secret")},
]}
plain_keys = {"keys": [jwk(main, "main", alg="RS256")]}


def header(**change):
    made = {"typ": "JWT", "alg": "RS256", "kid": "main", **change}
    return {k: v for k, v in made.items() if v is not None}


def claims(**change):
    made = {"aud": CLIENT, "iss": ISSUER, "iat": NOW - 330, "nbf": NOW - 330, "exp": NOW + 3570,
            "name": "Alice", "oid": OID, "preferred_username": "alice@contoso.example",
            "sub": "pairwise", "tid": TENANT, "uti": "uti-1", "ver": "2.0", **change}
    return {k: v for k, v in made.items() if v is not None}


def plain(**change):
    made = {"iss": PLAIN, "aud": CLIENT, "sub": "alice|7", "iat": NOW - 30, "exp": NOW + 600,
            **change}
    return {k: v for k, v in made.items() if v is not None}


def text(value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value, separators=(",", ":"))


def token(head=None, body=None, key=main, sign=None):
    signed = b64(text(head or header())) + "." + b64(text(body or claims()))
    return signed + "." + b64((sign or key.sign)(signed.encode()))


cases = []


def case(expect, name, tries, made, profile="entra", **more):
    cases.append({"name": name, "tries": tries, "profile": profile, "expect": expect,
                  "token": made, **more})


def good(name, tries, made, profile="entra", **more):
    case("ok", name, tries, made, profile, **more)


# --- good ----------------------------------------------------------------------------------------
good("entra", "An ordinary token as Entra issues it, backdated by five minutes.", token(), oid=OID)
good("entra-upper-case", "GUIDs in upper case, no typ, groups and app roles.",
     token(header(typ=None), claims(oid=OID.upper(), tid=TENANT.upper(), roles=["Elevate.Dba"],
                                    groups=["ABCDEF00-0000-4000-8000-000000000004"])),
     oid=OID, groups=["abcdef00-0000-4000-8000-000000000004"], roles=["Elevate.Dba"])
good("entra-edges", "Every time at the last second that the skew still allows.",
     token(header(typ="jwt"), claims(iat=BEGAN - 300 - SKEW, nbf=NOW + SKEW, exp=NOW - SKEW + 1)),
     oid=OID)
good("entra-second-key", "Signed by a key that names no issuer.",
     token(header(kid="second"), key=second), oid=OID)
good("entra-overage", "Too many groups: Entra names a source in place of the list.",
     token(body=claims(_claim_names={"groups": "src1"}, _claim_sources={
         "src1": {"endpoint": "https://graph.windows.net/T/users/O/getMemberObjects"}})),
     oid=OID, overage=True)
good("entra-hasgroups", "Too many groups, told by hasgroups.",
     token(body=claims(hasgroups=True)), oid=OID, overage=True)
good("entra-1001-groups", "More groups than are ever read count as too many.",
     token(body=claims(groups=["g%d" % i for i in range(1001)])), oid=OID, overage=True)
good("entra-azp", "azp that names us.", token(body=claims(azp=CLIENT)), oid=OID)
good("plain", "Another provider: sub, no nbf.", token(body=plain()), "plain", oid="alice|7")
good("plain-aud-list", "aud as a list of us alone.", token(body=plain(aud=[CLIENT])), "plain",
     oid="alice|7")
good("plain-aud-azp", "aud with another reader too, issued to us by azp.",
     token(body=plain(aud=["other", CLIENT], azp=CLIENT)), "plain", oid="alice|7")

# --- the algorithm -------------------------------------------------------------------------------
unsigned = b64(text(header(alg="none"))) + "." + b64(text(claims()))
case("malformed", "alg-none-unsigned", "alg none with an empty signature.", unsigned + ".")
case("bad-algorithm", "alg-none", "alg none, with some signature.", unsigned + "." + b64(b"x"))
case("bad-algorithm", "alg-none-mixed-case", "alg nOnE.",
     token(header(alg="nOnE"), sign=lambda data: b"x"))
case("bad-algorithm", "alg-absent", "No alg: the key's would be taken.", token(header(alg=None)))
case("bad-algorithm", "alg-lower-case", "alg rs256, else a right signature.",
     token(header(alg="rs256")))
case("bad-algorithm", "alg-list", "alg as a list that begins with RS256.",
     token(header(alg=["RS256", "none"])))


def mac(data):
    return hmac.new(main.pem, data, hashlib.sha256).digest()


case("bad-algorithm", "hs256-public-key", "HS256 with our public key's text as the secret.",
     token(header(alg="HS256"), sign=mac))
case("bad-signature", "rs256-but-mac", "The same MAC under a header that says RS256.",
     token(sign=mac))
case("unknown-key", "oct-key", "A kid of a symmetric key in the provider's set.",
     token(header(kid="oct"), sign=lambda d: hmac.new(b"secret", d, hashlib.sha256).digest()))
case("bad-algorithm", "rs384", "RS384, rightly signed.",
     token(header(alg="RS384"), sign=lambda data: main.sign(data, "sha384")))
case("bad-signature", "rs256-but-sha384", "RS256 in the header over a SHA-384 signature.",
     token(sign=lambda data: main.sign(data, "sha384")))
case("bad-signature", "rs256-but-sha1", "RS256 in the header over a SHA-1 signature.",
     token(sign=lambda data: main.sign(data, "sha1")))
case("bad-algorithm", "ps256", "PS256, rightly signed.", token(header(alg="PS256"), sign=main.pss))
case("bad-signature", "rs256-but-pss", "RS256 in the header over a PSS signature.",
     token(sign=main.pss))
case("bad-algorithm", "es256", "ES256 with the provider's own EC key.",
     token(header(alg="ES256", kid="ec"),
           sign=lambda data: run("dgst", "-sha256", "-sign", ec_path, data=data)))
case("unknown-key", "ec-key", "RS256 with the kid of an EC key.", token(header(kid="ec")))

# --- the key -------------------------------------------------------------------------------------
case("unknown-key", "kid-unknown", "A kid that the provider does not have.",
     token(header(kid="mian"), key=attacker))
case("unknown-key", "kid-case", "The right kid in another case.", token(header(kid="MAIN")))
case("unknown-key", "kid-prefix", "A prefix of the right kid.", token(header(kid="mai")))
case("unknown-key", "kid-path", "A kid that is a path to an empty file.",
     token(header(kid="../../dev/null")))
case("malformed", "kid-absent", "No kid: any key might be tried.", token(header(kid=None)))
case("malformed", "kid-number", "A kid that is a number.", token(header(kid=7)))
case("malformed", "kid-nul", "A kid with a NUL after the right one.", token(header(kid="main\0x")))
case("unknown-key", "key-enc", "Signed with the provider's encryption key.",
     token(header(kid="enc"), key=enc))
case("unknown-key", "key-without-use", "Signed with a key that does not say what it is for.",
     token(header(kid="aimless"), key=enc))
case("unknown-key", "key-rs512", "Signed with a key that is for RS512 only.",
     token(header(kid="rs512"), key=attacker))
case("bad-key", "key-1024", "Signed with a key of 1024 bits.",
     token(header(kid="small"), key=small))


def bare(data):
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    tail = b"\0" + info + hashlib.sha256(data).digest()
    return b"\0\1" + b"\xff" * (attacker.size - len(tail) - 2) + tail


case("bad-key", "key-exponent-1", "A key with the exponent 1, under which padding is a signature.",
     token(header(kid="one"), sign=bare))
case("bad-key", "key-of-consumers", "Signed with the key of Microsoft's consumer tenant.",
     token(header(kid="consumer"), key=consumer))
case("bad-key", "token-of-consumers", "A whole token of the consumer tenant.",
     token(header(kid="consumer"), claims(iss=HOST + CONSUMERS + "/v2.0", tid=CONSUMERS),
           key=consumer))
case("bad-signature", "key-attacker", "The right kid, signed by an attacker's key.",
     token(key=attacker))
case("bad-algorithm", "jwk-embedded", "The attacker's key inside the header.",
     token(header(jwk=jwk(attacker, "main")), key=attacker))
case("bad-algorithm", "jku", "A header that says where keys are to be fetched.",
     token(header(jku="https://evil.example/keys")))
case("bad-algorithm", "x5u", "A header that says where a certificate is.",
     token(header(x5u="https://evil.example/cert")))
case("bad-algorithm", "x5c", "A certificate chain inside the header.", token(header(x5c=["MII"])))
case("bad-algorithm", "crit", "An extension that must be understood.",
     token(header(crit=["exp"], exp=NOW + 600)))
case("bad-algorithm", "crit-empty", "An empty list of such extensions.", token(header(crit=[])))
case("bad-algorithm", "b64-false", "The payload not encoded (RFC 7797).", token(header(b64=False)))
case("malformed", "typ-access-token", "An access token by its typ.", token(header(typ="at+jwt")))
case("malformed", "typ-number", "A typ that is a number.", token(header(typ=1)))

# --- the bytes -----------------------------------------------------------------------------------
head_part, body_part, sign_part = token().split(".")
case("bad-signature", "payload-changed", "Another person's oid under a good signature.",
     head_part + "." + b64(text(claims(oid=OTHER))) + "." + sign_part)
case("bad-signature", "header-changed", "A member added to the header after signing.",
     b64(text(header(x="y"))) + "." + body_part + "." + sign_part)
case("bad-signature", "signature-of-other", "The signature of another good token.",
     head_part + "." + body_part + "." + token(body=claims(uti="uti-2")).split(".")[2])
raw_sign = base64.urlsafe_b64decode(sign_part + "==")
case("bad-signature", "signature-cut", "The signature without its last byte.",
     head_part + "." + body_part + "." + b64(raw_sign[:-1]))
case("bad-signature", "signature-padded", "A zero byte before the signature.",
     head_part + "." + body_part + "." + b64(b"\0" + raw_sign))
case("bad-signature", "signature-plus-n", "The signature plus the modulus: equal modulo n.",
     head_part + "." + body_part + "." + number(int.from_bytes(raw_sign, "big") + main.n))
case("bad-signature", "signature-zero", "A signature of zeros.",
     head_part + "." + body_part + "." + b64(b"\0" * 256))
case("malformed", "base64-padding", "A signature with its padding.",
     head_part + "." + body_part + "." + sign_part + "==")
alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
case("malformed", "base64-loose-bits", "The same signature written with other left-over bits.",
     head_part + "." + body_part + "." + sign_part[:-1] +
     alphabet[alphabet.index(sign_part[-1]) ^ 1])
case("malformed", "base64-standard", "The alphabet with plus and slash.",
     head_part + "." + body_part + "." + "+/" + sign_part[2:])
case("malformed", "newline", "A newline after a good token.", token() + "\n")
case("malformed", "blank", "A blank before a good token.", " " + token())
case("malformed", "parts-two", "No signature part.", head_part + "." + body_part)
case("malformed", "parts-four", "A fourth part.", token() + ".e30")
case("malformed", "parts-five", "The shape of an encrypted token.", token() + ".e30.e30")
case("malformed", "dots", "Dots alone.", "..")
case("malformed", "empty", "Nothing.", "")
case("malformed", "header-empty", "An empty header part.", "." + body_part + "." + sign_part)
case("malformed", "header-twice-alg", "alg twice: readers differ in which counts.",
     token('{"alg":"none","alg":"RS256","kid":"main"}'))
case("malformed", "payload-twice-oid", "oid twice, rightly signed.",
     token(body=text(claims())[:-1] + ',"oid":"' + OTHER + '"}'))
case("malformed", "payload-twice-nested", "A member twice, deeper down.",
     token(body=text(claims())[:-1] + ',"x":{"a":1,"a":2}}'))
case("malformed", "header-array", "A header that is a list.", token('["RS256"]'))
case("malformed", "payload-array", "A payload that is a list.", token(body="[" + text(claims()) + "]"))
case("malformed", "payload-text", "A payload that is a text.", token(body='"' + OID + '"'))
case("malformed", "payload-more", "Something after the payload's object.",
     token(body=text(claims()) + "{}"))
case("malformed", "payload-nul", "A NUL byte after the payload's object.",
     token(body=text(claims()) + "\0"))
case("malformed", "payload-utf8", "Bytes that are no UTF-8.",
     token(body=text(claims())[:-1].encode() + b',"x":"\xff\xfe"}'))
case("malformed", "payload-deep", "Nesting beyond any use.",
     token(body=claims(x=json.loads("[" * 40 + "]" * 40))))

# --- the issuer ----------------------------------------------------------------------------------
for name, tries, change in [
        ("iss-tenant", "A whole token of another tenant under our keys.",
         {"iss": HOST + OTHER + "/v2.0", "tid": OTHER}),
        ("iss-of-other-tid", "Our issuer, another tenant's tid.", {"tid": OTHER}),
        ("tid-absent", "No tid.", {"tid": None}),
        ("tid-no-guid", "A tid that is no GUID.", {"tid": "contoso.example"}),
        ("tid-list", "A list of tids with ours.", {"tid": [TENANT]}),
        ("iss-absent", "No issuer.", {"iss": None}),
        ("iss-list", "A list of issuers with ours.", {"iss": [ISSUER]}),
        ("iss-slash", "Our issuer and a slash.", {"iss": ISSUER + "/"}),
        ("iss-prefix", "A host that begins like Microsoft's.",
         {"iss": ISSUER.replace(".com/", ".com.evil.example/")}),
        ("iss-upper-case", "Our issuer in upper case.", {"iss": ISSUER.upper()}),
        ("iss-template", "The template of the issuer, not filled in.",
         {"iss": HOST + "{tenantid}/v2.0"}),
        ("v1", "A token of version 1.0.",
         {"iss": "https://sts.windows.net/" + TENANT + "/", "ver": "1.0"}),
        ("ver-1", "Version 1.0 with the issuer of 2.0.", {"ver": "1.0"}),
        ("ver-number", "The version as a number.", {"ver": 2.0}),
        ("ver-absent", "No version.", {"ver": None})]:
    case("wrong-issuer", name, tries, token(body=claims(**change)))

# --- the audience --------------------------------------------------------------------------------
for name, tries, change in [
        ("aud-other", "A token for another application.", {"aud": OTHER}),
        ("aud-graph", "A token for Microsoft Graph.",
         {"aud": "00000003-0000-0000-c000-000000000000"}),
        ("aud-absent", "No audience.", {"aud": None}),
        ("aud-list", "A list: Entra never sends one.", {"aud": [CLIENT]}),
        ("aud-prefix", "Our id and something after it.", {"aud": CLIENT + "0"}),
        ("aud-uri", "Our id as an API's URI.", {"aud": "api://" + CLIENT}),
        ("access-token", "An access token for ourselves in place of the ID token.",
         {"scp": "Elevate", "azp": CLIENT}),
        ("azp-other", "For us, but issued to another application.", {"azp": OTHER})]:
    case("wrong-audience", name, tries, token(body=claims(**change)))
for name, tries, change in [
        ("plain-aud-two", "Two readers and no azp.", {"aud": [CLIENT, "other"]}),
        ("plain-aud-azp-other", "Two readers, issued to the other.",
         {"aud": [CLIENT, "other"], "azp": "other"}),
        ("plain-aud-twice", "We ourselves twice.", {"aud": [CLIENT, CLIENT], "azp": CLIENT}),
        ("plain-aud-number", "A number among the readers.", {"aud": [CLIENT, 7], "azp": CLIENT}),
        ("plain-aud-empty", "An empty list.", {"aud": []})]:
    case("wrong-audience", name, tries, token(body=plain(**change)), "plain")

# --- the times -----------------------------------------------------------------------------------
for expect, name, tries, change in [
        ("expired", "exp-edge", "Expired at this second, skew and all.", {"exp": NOW - SKEW}),
        ("expired", "exp-old", "Ninety minutes old.", {"iat": NOW - 9300, "exp": NOW - 5400}),
        ("malformed", "exp-absent", "No end.", {"exp": None}),
        ("malformed", "exp-text", "The end as a text.", {"exp": str(NOW + 600)}),
        ("malformed", "exp-real", "The end as a real number.", {"exp": NOW + 600.5}),
        ("malformed", "exp-huge", "An end past the year 9999.", {"exp": 9223372036854775807}),
        ("malformed", "exp-negative", "An end before 1970.", {"exp": -1}),
        ("not-yet-valid", "nbf-edge", "Valid one second after the skew.", {"nbf": NOW + SKEW + 1}),
        ("malformed", "nbf-absent", "No nbf, which Entra always sends.", {"nbf": None}),
        ("malformed", "nbf-text", "nbf as a text.", {"nbf": "0"}),
        ("not-yet-valid", "iat-edge", "Issued one second after the skew.",
         {"iat": NOW + SKEW + 1}),
        ("malformed", "iat-absent", "No time of issue.", {"iat": None}),
        ("malformed", "iat-true", "A time of issue that is a boolean.", {"iat": True}),
        ("stale", "iat-stale", "Issued one second too long before the request began.",
         {"iat": BEGAN - 300 - SKEW - 1})]:
    case(expect, name, tries, token(body=claims(**change)))
case("malformed", "plain-nbf-text", "nbf is optional here, but not as a text.",
     token(body=plain(nbf="0")), "plain")

# --- the person and the lists --------------------------------------------------------------------
for name, tries, change in [
        ("oid-absent", "No oid; sub, mail, upn and name as the tenant's users may set them.",
         {"oid": None, "sub": OID, "email": "alice@contoso.example",
          "upn": "alice@contoso.example", "unique_name": OID}),
        ("oid-name", "A display name as oid.", {"oid": "alice"}),
        ("oid-list", "A list of oids.", {"oid": [OID]}),
        ("oid-braces", "A GUID in braces.", {"oid": "{" + OID + "}"}),
        ("oid-newline", "A GUID and a newline.", {"oid": OID + "\n"})]:
    case("no-subject", name, tries, token(body=claims(**change)))
for name, tries, change in [
        ("plain-sub-absent", "No sub, but an oid.", {"sub": None, "oid": OID}),
        ("plain-sub-empty", "An empty sub.", {"sub": ""}),
        ("plain-sub-escape", "A sub that would write to a terminal.", {"sub": "a\x1b[2J"}),
        ("plain-sub-long", "A sub of 256 bytes.", {"sub": "a" * 256})]:
    case("no-subject", name, tries, token(body=plain(**change)), "plain")
for name, tries, change in [
        ("groups-text", "groups as a text.", {"groups": "admins"}),
        ("groups-number", "A number among the groups.", {"groups": ["a", 7]}),
        ("groups-object", "groups as an object.", {"groups": {"a": True}}),
        ("roles-text", "roles as a text.", {"roles": "Elevate.Dba"}),
        ("roles-nested", "A list among the roles.", {"roles": [["Elevate.Dba"]]}),
        ("roles-1001", "More app roles than any application has.",
         {"roles": ["r%d" % i for i in range(1001)]}),
        ("hasgroups-number", "hasgroups as a number.", {"hasgroups": 1}),
        ("claim-names-text", "_claim_names as a text.", {"_claim_names": "groups"}),
        ("uti-number", "A token id that is a number.", {"uti": 7})]:
    case("malformed", name, tries, token(body=claims(**change)))
case("wrong-issuer", "plain-to-entra", "Another provider's token at an Entra host.",
     token(body=plain()))
case("wrong-issuer", "entra-to-plain", "Entra's token at a host of another provider.", token(),
     "plain")

json.dump({"now": NOW, "began": BEGAN, "skew": SKEW, "tenant": TENANT, "client": CLIENT,
           "entra": {"issuer": ISSUER, "keys": entra_keys},
           "plain": {"issuer": PLAIN, "keys": plain_keys}, "cases": cases}, sys.stdout, indent=1)
print()
