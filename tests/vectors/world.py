"""The providers of the vectors, their keys, and how a token is made.

Every run makes new keys and throws the private ones away, so the tests need none. All times are
fixed by NOW.
"""
import base64
import json
import os
import subprocess
import tempfile

NOW = 1790000000
BEGAN = NOW - 60
SKEW = 120
BACKDATING = 300
TENANT = "6f1c0000-0000-4000-8000-000000000001"
OTHER = "0bad0000-0000-4000-8000-00000000000f"
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
CLIENT = "c11e0000-0000-4000-8000-000000000002"
OID = "a11ce000-0000-4000-8000-000000000003"
HOST = "https://login.microsoftonline.com/"
ISSUER = HOST + TENANT + "/v2.0"
PLAIN = "https://id.example.org"
UPN = "alice@contoso.example"
MOST_BYTES = 64 * 1024
scratch = tempfile.TemporaryDirectory()


def run(*args, data=b""):
    return subprocess.run(["openssl", *args], input=data, check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL).stdout


def b64(raw):
    if isinstance(raw, str):
        raw = raw.encode()
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def raw_number(value):
    return value.to_bytes((value.bit_length() + 7) // 8, "big")


def number(value):
    return b64(raw_number(value))


class Rsa:
    def __init__(self, name, bits=2048):
        self.path = os.path.join(scratch.name, name)
        run("genrsa", "-out", self.path, str(bits))
        modulus = run("rsa", "-in", self.path, "-noout", "-modulus").decode()
        self.n = int(modulus.strip().split("=")[1], 16)
        self.size = (bits + 7) // 8
        self.pem = run("rsa", "-in", self.path, "-pubout")
        self.der = run("rsa", "-in", self.path, "-pubout", "-outform", "DER")

    def sign(self, data, digest="sha256", extra=()):
        return run("dgst", "-" + digest, "-sign", self.path, *extra, data=data)

    def pss(self, data):
        return self.sign(data, extra=("-sigopt", "rsa_padding_mode:pss", "-sigopt",
                                      "rsa_pss_saltlen:32"))


class Ec:
    def __init__(self, name):
        self.path = os.path.join(scratch.name, name)
        run("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", self.path)
        self.point = run("ec", "-in", self.path, "-pubout", "-outform", "DER")[-64:]

    def sign(self, data):
        """R and S as JOSE writes them, 32 bytes each."""
        der = run("dgst", "-sha256", "-sign", self.path, data=data)
        size = der[3]
        r, s = der[4:4 + size], der[6 + size:]
        return b"".join(part.lstrip(b"\0").rjust(32, b"\0") for part in (r, s))

    def jwk(self, kid):
        return {"kty": "EC", "use": "sig", "kid": kid, "crv": "P-256",
                "x": b64(self.point[:32]), "y": b64(self.point[32:])}


def jwk(key, kid, e=65537, **more):
    return {"kty": "RSA", "use": "sig", "kid": kid, "n": number(key.n), "e": number(e), **more}


main, second, attacker = Rsa("main"), Rsa("second"), Rsa("attacker")
consumer, other, enc = Rsa("consumer"), Rsa("other"), Rsa("enc")
small, nearly = Rsa("small", 1024), Rsa("nearly", 2047)
ec = Ec("ec")

entra_keys = {"keys": [
    jwk(second, "second", x5t="second"),
    ec.jwk("main"),
    jwk(main, "main", issuer=HOST + "{tenantid}/v2.0", x5c=["MII"]),
    jwk(second, "ours", issuer=ISSUER),
    jwk(consumer, "consumer", issuer=HOST + CONSUMERS + "/v2.0"),
    jwk(other, "other", issuer=HOST + OTHER + "/v2.0"),
    jwk(other, "elsewhere", issuer="https://sts.example.org/{tenantid}/v2.0"),
    jwk(other, "v1", issuer="https://sts.windows.net/{tenantid}/"),
    jwk(small, "small"),
    jwk(nearly, "nearly"),
    jwk(attacker, "one", e=1),
    jwk(attacker, "even", e=65536),
    jwk(attacker, "huge-exponent", e=2**32 + 1),
    jwk(attacker, "rs512", alg="RS512"),
    jwk(attacker, "ps256", alg="PS256"),
    {**jwk(enc, "enc"), "use": "enc"},
    {k: v for k, v in jwk(enc, "aimless").items() if k != "use"},
    ec.jwk("ec"),
    {"kty": "oct", "use": "sig", "kid": "oct", "k": b64(b"secret")},
]}
plain_keys = {"keys": [
    jwk(main, "main", alg="RS256"),
    jwk(second, "template", issuer=PLAIN + "{tenantid}"),
    jwk(second, "ours", issuer=PLAIN),
]}
# What a case may name instead of its provider's keys.
key_sets = {
    "twice": {"keys": [jwk(attacker, "main"), jwk(main, "main")]},
    "none": {"keys": []},
    "ec-alone": {"keys": [ec.jwk("main")]},
}


def header(**change):
    made = {"typ": "JWT", "alg": "RS256", "kid": "main", **change}
    return {k: v for k, v in made.items() if v is not None}


def claims(**change):
    made = {"aud": CLIENT, "iss": ISSUER, "iat": NOW - 330, "nbf": NOW - 330, "exp": NOW + 3570,
            "name": "Alice", "oid": OID, "preferred_username": UPN, "sub": "pairwise",
            "tid": TENANT, "uti": "uti-1", "ver": "2.0", **change}
    return {k: v for k, v in made.items() if v is not None}


def plain(**change):
    made = {"iss": PLAIN, "aud": CLIENT, "sub": "alice|7", "iat": NOW - 30, "exp": NOW + 600,
            **change}
    return {k: v for k, v in made.items() if v is not None}


def text(value):
    return value if isinstance(value, (str, bytes)) else json.dumps(value, separators=(",", ":"))


def sign_parts(head, body, sign=main.sign):
    """A token of two parts that are encoded already, in whatever way."""
    return head + "." + body + "." + b64(sign((head + "." + body).encode()))


def token(head=None, body=None, key=main, sign=None):
    return sign_parts(b64(text(header() if head is None else head)),
                      b64(text(claims() if body is None else body)), sign or key.sign)


cases = []


def case(expect, name, tries, made, profile="entra", **more):
    """One vector. `more` may have `keys`, the name of a key set, and what the claims must say."""
    assert tries.endswith(".") and all(name != one["name"] for one in cases), name
    cases.append({"name": name, "tries": tries, "profile": profile, "expect": expect,
                  "token": made, **more})


def good(name, tries, made, profile="entra", **more):
    case("ok", name, tries, made, profile, **{"oid": OID if profile == "entra" else "alice|7",
                                              **more})
