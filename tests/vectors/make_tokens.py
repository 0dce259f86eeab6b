#!/usr/bin/env python3
"""Makes tokens.json: ID tokens good and hostile, each with what it tries and how it must be judged.

Needs python3 and the openssl command. Run from this folder:
    python3 make_tokens.py > tokens.json
The keys are new each time, so the whole tokens that a fuzzer begins with must be made again, too:
    python3 make_tokens.py --seeds tokens.json ../fuzz/corpus/token
"""
import glob
import json
import os
import sys

# Of each kind some, so that a minute of fuzzing is not spent on reading them.
SEEDS = """
    entra entra-upper-case entra-overage header-escaped payload-escaped-name acrs-list acrs-text
    auth-time acct-guest idp-guest upn uti-absent plain plain-aud-list plain-aud-azp plain-more
    alg-none alg-none-unsigned hs256-pem rs256-but-mac-pem rs384 ps256 es256-same-kid
    kid-path kid-twice key-exponent-1 key-attacker key-of-consumers jwk-embedded crit b64-raw
    payload-changed header-changed signature-cut signature-padded base64-padding base64-loose-bits
    base64-standard-payload base64-nul-payload parts-four parts-jwe parts-json header-twice-alg
    payload-twice-oid payload-nul payload-utf8 payload-depth-17 iss-tenant v1 aud-list
    access-token exp-overflow oid-full-width dots""".split()


def write_seeds(vectors, folder):
    for old in glob.glob(os.path.join(folder, "whole-*")):
        os.remove(old)
    with open(vectors, encoding="utf-8") as file:
        cases = {one["name"]: one for one in json.load(file)["cases"]}
    for name in SEEDS:
        # The fuzzer's first byte chooses the provider.
        kind = "R" if cases[name]["profile"] == "plain" else "r"
        with open(os.path.join(folder, "whole-" + name), "wb") as file:
            file.write((kind + cases[name]["token"]).encode())


def write_vectors(out):
    import world
    import cases_good, cases_header, cases_bytes, cases_claims  # each adds its own
    json.dump({"now": world.NOW, "began": world.BEGAN, "skew": world.SKEW, "tenant": world.TENANT,
               "client": world.CLIENT,
               "entra": {"issuer": world.ISSUER, "keys": world.entra_keys},
               "plain": {"issuer": world.PLAIN, "keys": world.plain_keys},
               "key_sets": world.key_sets, "cases": world.cases}, out, indent=1)
    out.write("\n")


sys.dont_write_bytecode = True
if sys.argv[1:2] == ["--seeds"]:
    write_seeds(*sys.argv[2:])
else:
    write_vectors(sys.stdout)
