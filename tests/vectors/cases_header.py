"""Hostile headers: the algorithm, the key, and what the header would have us do."""
import hashlib
import hmac

from world import *

# --- the algorithm -------------------------------------------------------------------------------
unsigned = b64(text(header(alg="none"))) + "." + b64(text(claims()))
case("malformed", "alg-none-unsigned", "alg none with an empty signature.", unsigned + ".")
case("bad-algorithm", "alg-none", "alg none, with some signature.", unsigned + "." + b64(b"x"))
for name, alg in [("mixed-case", "nOnE"), ("title-case", "None"), ("upper-case", "NONE"),
                  ("blank", "none "), ("tab", "\tnone")]:
    case("bad-algorithm", "alg-none-" + name, "alg none, written in another way: " + name + ".",
         token(header(alg=alg), sign=lambda data: b"x"))
case("bad-algorithm", "alg-none-signed", "alg none over a right signature.",
     token(header(alg="none")))
case("bad-algorithm", "alg-absent", "No alg: the key's would be taken.", token(header(alg=None)))
case("bad-algorithm", "alg-null", "An alg that is null.",
     token('{"alg":null,"kid":"main","typ":"JWT"}'))
for name, alg in [("lower-case", "rs256"), ("empty", ""), ("blank", "RS256 "), ("longer", "RS2567"),
                  ("prefix", "RS25"), ("oid", "1.2.840.113549.1.1.11"),
                  ("long-name", "sha256WithRSA"),
                  ("list", ["RS256", "none"]), ("object", {"RS256": "none"}), ("number", 256),
                  ("true", True)]:
    case("bad-algorithm", "alg-" + name, "An alg that is not RS256 (%s), else a right signature."
         % name, token(header(alg=alg)))

secrets = {"pem": main.pem, "pem-cut": main.pem.strip(), "der": main.der,
           "n": raw_number(main.n), "n-text": number(main.n).encode(),
           "jwk": text(jwk(main, "main")).encode(), "kid": b"main", "nothing": b""}
for name, secret in secrets.items():
    case("bad-algorithm", "hs256-" + name,
         "HS256 with what everybody knows as the secret: the public key's %s." % name,
         token(header(alg="HS256"),
               sign=lambda data: hmac.new(secret, data, hashlib.sha256).digest()))
for name in ("pem", "der", "n"):
    case("bad-signature", "rs256-but-mac-" + name,
         "A MAC by the public key's %s under a header that says RS256." % name,
         token(sign=lambda data: hmac.new(secrets[name], data, hashlib.sha256).digest()))
case("bad-algorithm", "hs512", "HS512 with the public key's text.",
     token(header(alg="HS512"),
           sign=lambda data: hmac.new(main.pem, data, hashlib.sha512).digest()))
case("unknown-key", "oct-key", "A kid of a symmetric key in the provider's set.",
     token(header(kid="oct"), sign=lambda d: hmac.new(b"secret", d, hashlib.sha256).digest()))
case("bad-algorithm", "oct-key-hs256", "HS256 with a symmetric key of the provider's set.",
     token(header(alg="HS256", kid="oct"),
           sign=lambda d: hmac.new(b"secret", d, hashlib.sha256).digest()))

for digest in ("384", "512"):
    case("bad-algorithm", "rs" + digest, "RS%s, rightly signed." % digest,
         token(header(alg="RS" + digest), sign=lambda data: main.sign(data, "sha" + digest)))
for digest in ("sha384", "sha512", "sha1"):
    case("bad-signature", "rs256-but-" + digest, "RS256 in the header over another digest.",
         token(sign=lambda data: main.sign(data, digest)))
case("bad-algorithm", "ps256", "PS256, rightly signed.", token(header(alg="PS256"), sign=main.pss))
case("bad-signature", "rs256-but-pss", "RS256 in the header over a PSS signature.",
     token(sign=main.pss))
case("bad-algorithm", "es256", "ES256 with the provider's own EC key.",
     token(header(alg="ES256", kid="ec"), sign=ec.sign))
case("bad-algorithm", "es256-same-kid", "ES256 by the EC key that has the RSA key's kid.",
     token(header(alg="ES256"), sign=ec.sign))
case("bad-signature", "rs256-but-es256", "RS256 in the header over that EC key's signature.",
     token(sign=ec.sign))
case("unknown-key", "ec-key", "RS256 with the kid of an EC key.", token(header(kid="ec")))
case("unknown-key", "ec-key-alone", "A set in which the kid is an EC key's alone.", token(),
     keys="ec-alone")
for alg in ("PS256", "RS384", "RS512", "ES256", "ES256K", "EdDSA", "HS256", "RSA-OAEP", "dir"):
    case("bad-algorithm", alg.lower() + "-but-rs256",
         alg + " in the header over a true RS256 signature.", token(header(alg=alg)))

# --- which key -----------------------------------------------------------------------------------
for name, kid, tries in [
        ("unknown", "mian", "A kid that the provider does not have."),
        ("case", "MAIN", "The right kid in another case."),
        ("prefix", "mai", "A prefix of the right kid."),
        ("longer", "main2", "The right kid and something after it."),
        ("blank", "main ", "The right kid and a blank."),
        ("path", "../../dev/null", "A kid that is a path to an empty file."),
        ("sql", "x' UNION SELECT 'AA", "A kid that would be put into a query."),
        ("url", "https://evil.example/key", "A kid that is an address."),
        ("number-text", "0", "A kid that is a place in the list."),
        ("most", "k" * 256, "A kid as long as one may be, of no key.")]:
    case("unknown-key", "kid-" + name, tries, token(header(kid=kid)))
case("unknown-key", "kid-unknown-attacker", "A kid of no key, signed by an attacker.",
     token(header(kid="mian"), key=attacker))
for name, kid, tries in [
        ("absent", None, "No kid: any key might be tried."),
        ("empty", "", "An empty kid."),
        ("long", "k" * 257, "A kid that is too long."),
        ("number", 7, "A kid that is a number."),
        ("list", ["main"], "A list with the right kid."),
        ("nul", "main\0x", "A kid with a NUL after the right one.")]:
    case("malformed", "kid-" + name, tries, token(header(kid=kid)))
case("malformed", "kid-twice", "Two kids: readers differ in which counts.",
     token('{"alg":"RS256","kid":"one","kid":"main"}'))
case("malformed", "kid-null", "A kid that is null.", token('{"alg":"RS256","kid":null}'))
case("unknown-key", "keys-twice", "A set in which two keys have the kid: it is not used at all.",
     token(), keys="twice")
case("unknown-key", "keys-twice-attacker", "The same, signed by the first of the two.",
     token(key=attacker), keys="twice")
case("unknown-key", "keys-none", "A set without a key.", token(), keys="none")

# --- keys that are not fit -----------------------------------------------------------------------
case("unknown-key", "key-enc", "Signed with the provider's encryption key.",
     token(header(kid="enc"), key=enc))
case("unknown-key", "key-without-use", "Signed with a key that does not say what it is for.",
     token(header(kid="aimless"), key=enc))
case("unknown-key", "key-rs512", "Signed with a key that is for RS512 only.",
     token(header(kid="rs512"), key=attacker))
case("unknown-key", "key-ps256", "Signed with a key that is for PS256 only.",
     token(header(kid="ps256"), key=attacker))
case("bad-key", "key-1024", "Signed with a key of 1024 bits.",
     token(header(kid="small"), key=small))
case("bad-key", "key-2047", "Signed with a key that is one bit short.",
     token(header(kid="nearly"), key=nearly))


def bare(data):
    info = bytes.fromhex("3031300d060960864801650304020105000420")
    tail = b"\0" + info + hashlib.sha256(data).digest()
    return b"\0\1" + b"\xff" * (attacker.size - len(tail) - 2) + tail


case("bad-key", "key-exponent-1", "A key with the exponent 1, under which padding is a signature.",
     token(header(kid="one"), sign=bare))
case("bad-signature", "padding-alone", "Such a signature under a sound key.", token(sign=bare))
case("bad-key", "key-exponent-even", "A key with an even exponent.",
     token(header(kid="even"), key=attacker))
case("bad-key", "key-exponent-huge", "A key with an exponent past 2^32.",
     token(header(kid="huge-exponent"), key=attacker))

# --- keys of others ------------------------------------------------------------------------------
case("bad-key", "key-of-consumers", "Signed with the key of Microsoft's consumer tenant.",
     token(header(kid="consumer"), key=consumer))
case("bad-key", "token-of-consumers", "A whole token of the consumer tenant.",
     token(header(kid="consumer"), claims(iss=HOST + CONSUMERS + "/v2.0", tid=CONSUMERS),
           key=consumer))
case("bad-key", "key-of-tenant", "Signed with the key of another tenant.",
     token(header(kid="other"), key=other))
case("bad-key", "token-of-tenant", "A whole token of another tenant, by its own key.",
     token(header(kid="other"), claims(iss=HOST + OTHER + "/v2.0", tid=OTHER), key=other))
case("bad-key", "key-of-host", "A key for any tenant's tokens of another host.",
     token(header(kid="elsewhere"), key=other))
case("bad-key", "key-of-v1", "A key for tokens of version 1.0.",
     token(header(kid="v1"), key=other))
case("bad-key", "plain-key-template", "The template, which only Entra's keys have.",
     token(header(kid="template"), plain(), key=second), "plain")
case("bad-signature", "key-attacker", "The right kid, signed by an attacker's key.",
     token(key=attacker))
case("bad-signature", "key-second", "The right kid, signed by another key of the provider.",
     token(key=second))

# --- what the header brings along ----------------------------------------------------------------
own = jwk(attacker, "main")
for name, tries, change in [
        ("jwk-embedded", "The attacker's key inside the header.", {"jwk": own}),
        ("jwk-empty", "An empty list in place of a key in the header.", {"jwk": []}),
        ("jku", "A header that says where keys are to be fetched.",
         {"jku": "https://evil.example/keys"}),
        ("x5u", "A header that says where a certificate is.", {"x5u": "https://evil.example/cert"}),
        ("x5c", "A certificate chain inside the header.", {"x5c": ["MII"]})]:
    case("bad-algorithm", name, tries, token(header(**change)))
    case("bad-algorithm", name + "-attacker", tries + " The attacker has signed.",
         token(header(**change), key=attacker))
case("bad-algorithm", "jku-of-provider", "The provider's own place for keys, named by the token.",
     token(header(jku=HOST + TENANT + "/discovery/v2.0/keys")))
case("bad-algorithm", "crit", "An extension that must be understood.",
     token(header(crit=["exp"], exp=NOW + 600)))
case("bad-algorithm", "crit-unknown", "An extension that nobody knows.",
     token(header(crit=["x"], x=1)))
case("bad-algorithm", "crit-empty", "An empty list of such extensions.", token(header(crit=[])))
case("bad-algorithm", "crit-null", "No list of such extensions but null.",
     token('{"alg":"RS256","kid":"main","crit":null}'))
case("bad-algorithm", "crit-b64", "The payload not encoded, as must be understood (RFC 7797).",
     token(header(b64=False, crit=["b64"])))
case("bad-algorithm", "b64-false", "The payload not encoded, and nobody need understand it.",
     token(header(b64=False)))
case("bad-algorithm", "b64-true", "The payload encoded, said in an extension.",
     token(header(b64=True)))
case("malformed", "b64-raw", "The payload itself between the dots.",
     sign_parts(b64(text(header(b64=False, crit=["b64"]))), text(claims()).replace(".", "")))
case("malformed", "typ-access-token", "An access token by its typ.", token(header(typ="at+jwt")))
case("malformed", "typ-logout", "A logout token by its typ.", token(header(typ="logout+jwt")))
case("malformed", "typ-empty", "An empty typ.", token(header(typ="")))
case("malformed", "typ-number", "A typ that is a number.", token(header(typ=1)))
