"""Tokens that are wrong in their bytes: signature, base64, parts, JSON."""
from world import *

head_part, body_part, sign_part = token().split(".")
raw_sign = base64.urlsafe_b64decode(sign_part + "==")
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

# --- the signature -------------------------------------------------------------------------------
case("bad-signature", "payload-changed", "Another person's oid under a good signature.",
     head_part + "." + b64(text(claims(oid=OTHER))) + "." + sign_part)
case("bad-signature", "header-changed", "A member added to the header after signing.",
     b64(text(header(x="y"))) + "." + body_part + "." + sign_part)
case("bad-signature", "header-kid-changed", "The kid of another good key, put in after signing.",
     b64(text(header(kid="second"))) + "." + body_part + "." + sign_part)
case("bad-signature", "payload-same-claims", "The same claims, written with a blank more.",
     head_part + "." + b64(text(claims()) + " ") + "." + sign_part)
case("bad-signature", "signature-of-payload", "A signature over the payload alone.",
     head_part + "." + body_part + "." + b64(main.sign(body_part.encode())))
case("bad-signature", "signature-of-decoded", "A signature over what the parts mean.",
     head_part + "." + body_part + "." +
     b64(main.sign((text(header()) + "." + text(claims())).encode())))
for name, tries, signature in [
        ("of-other", "The signature of another good token.",
         base64.urlsafe_b64decode(token(body=claims(uti="uti-2")).split(".")[2] + "==")),
        ("cut", "The signature without its last byte.", raw_sign[:-1]),
        ("half", "Half of the signature.", raw_sign[:128]),
        ("byte", "One byte of a signature.", raw_sign[:1]),
        ("padded", "A zero byte before the signature.", b"\0" + raw_sign),
        ("long", "A zero byte after the signature.", raw_sign + b"\0"),
        ("twice", "The signature twice.", raw_sign * 2),
        ("plus-n", "The signature plus the modulus: equal modulo n.",
         raw_number(int.from_bytes(raw_sign, "big") + main.n)),
        ("minus-n", "The modulus less the signature: equal but for its sign.",
         (main.n - int.from_bytes(raw_sign, "big")).to_bytes(256, "big")),
        ("zero", "A signature of zeros.", b"\0" * 256),
        ("one", "A signature that is 1.", b"\0" * 255 + b"\1"),
        ("n", "A signature that is the modulus.", raw_number(main.n)),
        ("ones", "A signature of ones.", b"\xff" * 256)]:
    case("bad-signature", "signature-" + name, tries,
         head_part + "." + body_part + "." + b64(signature))


def leading_zero():
    """A good token whose signature begins with a zero byte; of 256 some one does."""
    for i in range(10000):
        head, body, signature = token(body=claims(uti="zero-%d" % i)).split(".")
        raw = base64.urlsafe_b64decode(signature + "==")
        if raw[0] == 0:
            return head + "." + body + ".", raw
    raise AssertionError


start, raw = leading_zero()
good("signature-leading-zero", "A good signature that begins with a zero byte.", start + b64(raw))
case("bad-signature", "signature-zero-dropped", "The same without its zero byte.",
     start + b64(raw[1:]))

# --- base64url, each part rightly signed as it stands --------------------------------------------


def fitting(make, wanted, encode=b64):
    """The first of make(0), make(1), ... whose encoded form is as wanted."""
    for i in range(1000):
        if wanted(encode(make(i))):
            return make(i)
    raise AssertionError


def padded(raw):
    return base64.urlsafe_b64encode(raw.encode()).decode()


def standard(raw):
    return base64.b64encode(raw.encode()).decode().rstrip("=")


def loose(part):
    return part[:-1] + ALPHABET[ALPHABET.index(part[-1]) ^ 1]


heads = lambda i: text(header(kid="main")) + " " * i
bodies = lambda i: text(claims()) + " " * i
needs_padding = fitting(heads, lambda part: part.endswith("=="), padded)
body_needs_padding = fitting(bodies, lambda part: part.endswith("="), padded)
odd_head = lambda i: json.dumps(header(x="ÿ~?" * 2 + "a" * i), ensure_ascii=False)
odd_body = lambda i: json.dumps(claims(x="ÿ~?" * 2 + "a" * i), ensure_ascii=False)
plus_head = fitting(odd_head, lambda part: "+" in part or "/" in part, standard)
plus_body = fitting(odd_body, lambda part: "+" in part and "/" in part, standard)
good("base64-both", "A payload whose base64url has both of its own characters.",
     token(body=plus_body))
case("malformed", "base64-padding", "A signature with its padding.", token() + "==")
case("malformed", "base64-padding-header", "A header with its padding.",
     sign_parts(padded(needs_padding), body_part))
case("malformed", "base64-padding-payload", "A payload with its padding.",
     sign_parts(head_part, padded(body_needs_padding)))
case("malformed", "base64-padding-percent", "Padding as a form would encode it.",
     token() + "%3D%3D")
case("malformed", "base64-standard", "A signature with plus and slash.",
     head_part + "." + body_part + "." + "+/" + sign_part[2:])
case("malformed", "base64-standard-header", "A header in the alphabet with plus and slash.",
     sign_parts(standard(plus_head), body_part))
case("malformed", "base64-standard-payload", "A payload in the alphabet with plus and slash.",
     sign_parts(head_part, standard(plus_body)))
case("malformed", "base64-loose-bits", "The same signature written with other left-over bits.",
     head_part + "." + body_part + "." + loose(sign_part))
case("malformed", "base64-loose-bits-header", "A header with left-over bits that are not zero.",
     sign_parts(loose(b64(needs_padding)), body_part))
case("malformed", "base64-loose-bits-payload", "A payload with left-over bits that are not zero.",
     sign_parts(head_part, loose(b64(body_needs_padding))))
case("malformed", "base64-length-header", "A header of an impossible length.",
     sign_parts(b64(fitting(heads, lambda part: len(part) % 4 == 0)) + "A", body_part))
case("malformed", "base64-length-payload", "A payload of an impossible length.",
     sign_parts(head_part, b64(fitting(bodies, lambda part: len(part) % 4 == 0)) + "A"))
for name, mark in [("newline", "\n"), ("blank", " "), ("crlf", "\r\n"), ("tab", "\t"),
                   ("equals", "="), ("nul", "\0"), ("utf8", "é"), ("full-width", "Ａ")]:
    middle = len(body_part) // 2
    case("malformed", "base64-%s-payload" % name, "A %s within the payload, rightly signed." % name,
         sign_parts(head_part, body_part[:middle] + mark + body_part[middle:]))
for name, made in [("newline", token() + "\n"), ("blank", " " + token()),
                   ("blank-after", token() + " "), ("nul", token() + "\0"),
                   ("nul-more", token() + "\0" + token()), ("bearer", "Bearer " + token()),
                   ("quotes", '"' + token() + '"'), ("comma", token() + "," + token())]:
    case("malformed", "around-" + name, "Something before or after a good token: %s." % name, made)

# --- the parts -----------------------------------------------------------------------------------
for name, tries, made in [
        ("parts-one", "One part alone.", body_part),
        ("parts-two", "No signature part.", head_part + "." + body_part),
        ("parts-four", "A fourth part.", token() + ".e30"),
        ("parts-four-empty", "A dot after a good token.", token() + "."),
        ("parts-dot-first", "A dot before a good token.", "." + token()),
        ("parts-five", "The shape of an encrypted token.", token() + ".e30.e30"),
        ("parts-jwe", "An encrypted token by its header too.",
         b64(text({"alg": "RSA-OAEP", "enc": "A256GCM", "kid": "main"})) + "." + sign_part +
         "." + b64(b"iv" * 6) + "." + body_part + "." + b64(b"tag!" * 4)),
        ("parts-nested", "A good token, dot and all, as the payload of another.",
         sign_parts(head_part, token())),
        ("parts-json", "The same token in the JSON serialization.",
         text({"payload": body_part, "protected": head_part, "signature": sign_part})),
        ("dots", "Dots alone.", ".."),
        ("dot", "One dot.", "."),
        ("empty", "Nothing.", ""),
        ("header-empty", "An empty header part.", sign_parts("", body_part)),
        ("payload-empty", "An empty payload part.", sign_parts(head_part, "")),
        ("signature-empty", "An empty signature part.", head_part + "." + body_part + "."),
        ("payload-token", "A payload that is a whole token.", token(body=token()))]:
    case("malformed", name, tries, made)

# --- JSON ----------------------------------------------------------------------------------------
whole = text(claims())
for name, tries, head in [
        ("twice-alg", "alg twice: readers differ in which counts.",
         '{"alg":"none","alg":"RS256","kid":"main"}'),
        ("twice-same", "alg twice with the same value.",
         '{"alg":"RS256","alg":"RS256","kid":"main"}'),
        ("twice-escaped", "alg twice, once written with an escape.",
         '{"alg":"RS256","\\u0061lg":"none","kid":"main"}'),
        ("twice-unknown", "A member that nobody reads, twice.",
         '{"alg":"RS256","kid":"main","x":1,"x":2}'),
        ("array", "A header that is a list.", '["RS256"]'),
        ("text", "A header that is a text.", '"RS256"'),
        ("null", "A header that is null.", "null"),
        ("number", "A header that is a number.", "7"),
        ("blank", "A header of a blank.", " "),
        ("deep", "A header that nests too deep.",
         text(header())[:-1] + ',"x":' + "[" * 16 + "]" * 16 + "}"),
        ("more", "Something after the header's object.", text(header()) + "{}"),
        ("cut", "A header without its last brace.", text(header())[:-1]),
        ("single-quotes", "A header in single quotes.", text(header()).replace('"', "'")),
        ("bom", "A mark of byte order before the header.", "\ufeff" + text(header()))]:
    case("malformed", "header-" + name, tries, token(head))
for name, tries, body in [
        ("twice-oid", "oid twice, rightly signed.", whole[:-1] + ',"oid":"' + OTHER + '"}'),
        ("twice-oid-first", "The other person's oid first.", '{"oid":"' + OTHER + '",' + whole[1:]),
        ("twice-escaped", "oid twice, once written with an escape.",
         whole[:-1] + ',"\\u006fid":"' + OTHER + '"}'),
        ("twice-aud", "aud twice.", whole[:-1] + ',"aud":"' + CLIENT + '"}'),
        ("twice-exp", "exp twice.", whole[:-1] + ',"exp":%d}' % (NOW + 9)),
        ("twice-acrs", "acrs twice.", whole[:-1] + ',"acrs":["c2"],"acrs":["c1"]}'),
        ("twice-nested", "A member twice, deeper down.", whole[:-1] + ',"x":{"a":1,"a":2}}'),
        ("array", "A payload that is a list.", "[" + whole + "]"),
        ("text", "A payload that is a text.", '"' + OID + '"'),
        ("null", "A payload that is null.", "null"),
        ("true", "A payload that is true.", "true"),
        ("number", "A payload that is a number.", "1790000000"),
        ("more", "Something after the payload's object.", whole + "{}"),
        ("cut", "A payload without its last brace.", whole[:-1]),
        ("comma", "A comma before the last brace.", whole[:-1] + ",}"),
        ("comment", "A comment in the payload.", "/**/" + whole),
        ("nan", "A number that is none.", whole[:-1] + ',"x":NaN}'),
        ("nul", "A NUL byte after the payload's object.", whole + "\0"),
        ("nul-in-text", "A NUL byte within the oid.", whole.replace(OID, OID + "\0")),
        ("nul-escaped", "A NUL within the oid, escaped.", whole.replace(OID, OID + "\\u0000")),
        ("nul-in-name", "A NUL within a member's name, escaped.", whole[:-1] + ',"x\\u0000":1}'),
        ("nul-elsewhere", "A NUL in a claim that nobody reads.",
         whole.replace("Alice", "Al\\u0000ice")),
        ("control", "A newline as it is within a text.", whole.replace("Alice", "Al\nice")),
        ("surrogate", "Half of a pair of surrogates.", whole.replace("Alice", "\\ud83d")),
        ("utf8", "Bytes that are no UTF-8.", whole[:-1].encode() + b',"x":"\xff\xfe"}'),
        ("utf8-long", "A slash in two bytes, as UTF-8 forbids.",
         whole[:-1].encode() + b',"x":"\xc0\xaf"}'),
        ("utf16", "JSON in UTF-16.", whole.encode("utf-16-le")),
        ("bom", "A mark of byte order before the payload.", "\ufeff" + whole),
        ("depth-17", "Nesting one deeper than is read.",
         whole[:-1] + ',"x":' + "[" * 16 + "]" * 16 + "}"),
        ("deep", "Nesting beyond any use.", whole[:-1] + ',"x":' + "[" * 40 + "]" * 40 + "}"),
        ("deepest", "Nesting that would use up a stack.",
         whole[:-1] + ',"x":' + '{"a":' * 3000 + "1" + "}" * 3000 + "}")]:
    case("malformed", "payload-" + name, tries, token(body=body))
