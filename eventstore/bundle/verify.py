#!/usr/bin/env python3
"""Checks an evidence bundle (incidentledger/bundle/1) without the program that
made it: with Python's standard library, and openssl for signatures.

    python3 verify.py BUNDLE.zip ANCHOR...

An anchor is a file that came to you by another way than the bundle: a policy
(c2sp.org/tlog-policy) names the key of the log, and the witnesses that you believe,
certificates (PEM) the timestamping authorities; one file may hold both.

Exit code: 0 everything is proven, 1 something is contradicted, 2 not enough to
prove it, 3 this is no bundle that can be read.
"""
import base64, binascii, datetime, functools, hashlib, io, json, os, re, struct, subprocess, sys, tempfile, time, zipfile, zlib

PROVEN, NOT_PROVEN, CONTRADICTED = "PROVEN", "NOT PROVEN", "CONTRADICTED"
SKEW = 300   # seconds by which the clock of a witness may run ahead
SLACK = 300  # seconds by which the clock of a desk may differ from theirs

ABOUT = re.compile(rb'\{"v":"incidentledger/bundle/1","org":"([a-z0-9-]+)","origin":"([!#-\[\]-~]+)","incident":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})","export":([1-9][0-9]{0,17})\}\n')
KNOWN = re.compile(r'data/(bundle\.json|verify\.py|(report|README)\.(nl|fr|en)\.(html|txt)|entries/[0-9]{20}\.json|disclosures/[0-9]{20}\.txt|'
                   r'proofs/[0-9]{20}\.tlog-proof|checkpoints/[1-9][0-9]*\.note|consistency/[1-9][0-9]*\.txt|policies/[0-9a-f]{64}\.json|evidence/[0-9a-f]{64}|'
                   r'timestamps/[1-9][0-9]*\.[a-z0-9][a-z0-9-]{0,39}\.tsr)')
TAGS = ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"]
MEMBERS = {"v", "id", "org", "kind", "key", "prev", "prevHash", "command", "actor", "by", "occurred", "precision",
           "recorded", "correlation", "causation", "mac", "basis", "events", "sealed"}


class Contradiction(Exception):
    """Something in the bundle is not as it must be."""


class Unreadable(Exception):
    """There is no bundle to check."""


def sha256(*parts):
    h = hashlib.sha256()
    for p in parts:
        h.update(p)
    return h.digest()


def need(condition, text):
    if not condition:
        raise Contradiction(text)


# ---- the container: a ZIP of stored files, of which the bytes follow from the files

def write_zip(files):
    out, directory = io.BytesIO(), io.BytesIO()
    for name in sorted(files):
        data, raw = files[name], name.encode()
        common = struct.pack("<HHHHHIIIHH", 20, 0, 0, 0, 1 << 5 | 1, zlib.crc32(data), len(data), len(data), len(raw), 0)
        at = out.tell()
        out.write(b"PK\x03\x04" + common + raw + data)
        directory.write(b"PK\x01\x02" + struct.pack("<H", 3 << 8) + common + struct.pack("<HHHII", 0, 0, 0, 0o100644 << 16, at) + raw)
    at, tail = out.tell(), directory.getvalue()
    out.write(tail + b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, len(files), len(files), len(tail), at, 0))
    return out.getvalue()


def read_zip(b):
    if len(b) < 22 or not b.startswith(b"PK\x03\x04") or not b[-22:].startswith(b"PK\x05\x06"):
        raise Unreadable("this is no bundle, or only a part of one")
    files, folded = {}, set()
    try:
        with zipfile.ZipFile(io.BytesIO(b)) as z:
            for info in z.infolist():
                need(info.compress_type == zipfile.ZIP_STORED and info.file_size <= len(b), "a file is not stored as it is")
                need(re.fullmatch(r"[!-\[\]-~]+", info.filename) and os.path.normpath(info.filename) == info.filename
                     and not info.filename.startswith(("/", "../")) and info.filename not in ("..", "."), "a file has no good name")
                need(info.filename.lower() not in folded, "two files have one name")
                folded.add(info.filename.lower())
                files[info.filename] = z.read(info)
        again = write_zip(files)
    except Contradiction:
        raise
    except Exception as e:
        raise Contradiction("the archive is damaged: %s" % e)
    need(again == b, "the archive says more, or less, than its files do")
    tops = {name.split("/", 1)[0] for name in files}
    need(len(tops) == 1 and all("/" in name for name in files), "its files do not lie in one folder")
    return {name.split("/", 1)[1]: data for name, data in files.items()}


def manifest(files, inside):
    return b"".join(b"%s  %s\n" % (hashlib.sha256(files[n]).hexdigest().encode(), n.encode()) for n in sorted(files) if inside(n))


def check_bag(files):
    for name in TAGS:
        need(name in files, name + " is missing")
    for name in files:
        need(name.startswith("data/") or name in TAGS, name + " belongs to no bag")
    need(files["bagit.txt"] == b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n", "bagit.txt is wrong")
    need(files["manifest-sha256.txt"] == manifest(files, lambda n: n.startswith("data/")), "the manifest does not agree with the files")
    need(files["tagmanifest-sha256.txt"] == manifest(files, lambda n: not n.startswith("data/") and n != "tagmanifest-sha256.txt"),
         "the manifest of the tag files does not agree with them")


# ---- strict JSON

def once(pairs):
    out = {}
    for name, value in pairs:
        need(name not in out, "a member stands twice: " + name)
        out[name] = value
    return out


def refuse(_):
    raise Contradiction("a number is no whole number")


def read_json(b):
    try:
        v = json.loads(b.decode("utf-8"), object_pairs_hook=once, parse_float=refuse, parse_constant=refuse)
        json.dumps(v, ensure_ascii=False).encode("utf-8")
        return v
    except (ValueError, RecursionError) as e:
        raise Contradiction("it is no JSON: %s" % e)


# ---- the tree of RFC 6962

def leaf_hash(b):
    return sha256(b"\x00", b)


def node(a, b):
    return sha256(b"\x01", a, b)


def root_of_inclusion(index, size, leaf, proof):
    """The root that a proof of inclusion leads to; RFC 9162, 2.1.3.2."""
    fn, sn, r = index, size - 1, leaf
    for p in proof:
        need(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            r = node(p, r)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node(r, p)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0, "the proof is too short")
    return r


def check_consistency(old, size, old_root, root, proof):
    """RFC 9162, 2.1.4.2."""
    need(proof, "the proof is empty")
    path = list(proof)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    fn, sn = old - 1, size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        need(sn > 0, "the proof is too long")
        if fn & 1 or fn == sn:
            fr, sr = node(c, fr), node(c, sr)
            while not fn & 1 and fn:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node(sr, c)
        fn, sn = fn >> 1, sn >> 1
    need(sn == 0 and fr == old_root and sr == root, "its tree is not a part of the later one")


def unbase64(s):
    try:
        b = base64.b64decode(s, validate=True)
    except (binascii.Error, ValueError):
        raise Contradiction("%r is no base64" % s)
    need(base64.b64encode(b).decode() == s, "%r is no base64" % s)
    return b


def hashes(lines):
    out = [unbase64(line) for line in lines]
    need(all(len(h) == 32 for h in out), "a hash has not 32 bytes")
    return out


# ---- checkpoints and who signed them

def read_checkpoint(signed):
    text, found, _ = signed.partition(b"\n\n")
    lines = text.decode("utf-8", "replace").split("\n")
    need(found and len(lines) == 3 and re.fullmatch(r"0|[1-9][0-9]{0,18}", lines[1]) and int(lines[1]) < 1 << 63, "it is no checkpoint of three lines")
    h = hashes([lines[2]])
    return lines[0], int(lines[1]), h[0]


def signatures(signed):
    """The text of a note, and its signatures as (name, id, bytes)."""
    try:
        s = signed.decode("utf-8")
    except UnicodeDecodeError:
        raise Contradiction("the note is no text")
    at = s.rfind("\n\n")
    need(at >= 0 and s.endswith("\n") and not re.search("[\x00-\x09\x0b-\x1f]", s), "it is no signed note")
    text, out = s[:at + 1], []
    for line in s[at + 2:].split("\n")[:-1]:
        m = re.fullmatch("— ([^ +]+) ([^ ]+)", line)
        need(m, "a line of signatures is malformed")
        raw = unbase64(m[2])
        need(len(raw) >= 5, "a signature is too short")
        out.append((m[1], raw[:4], raw[4:]))
    need(0 < len(out) <= 100, "it has no signature, or too many")
    return text, out


@functools.lru_cache(maxsize=4096)
def ed25519(public, message, signature):
    """Whether openssl finds the signature right."""
    der = bytes.fromhex("302a300506032b6570032100") + public
    with tempfile.TemporaryDirectory() as d:
        for name, data in (("key", der), ("msg", message), ("sig", signature)):
            with open(os.path.join(d, name), "wb") as f:
                f.write(data)
        r = subprocess.run(["openssl", "pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", os.path.join(d, "key"),
                            "-rawin", "-in", os.path.join(d, "msg"), "-sigfile", os.path.join(d, "sig")],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return r.returncode == 0


class InvalidSignature(Exception):
    """A signature under a known key is wrong."""


class Policy:
    """A policy of c2sp.org/tlog-policy."""

    def __init__(self, text):
        self.keys, self.groups, self.quorum, seen = {}, {}, None, set()
        for line in text.split("\n"):
            f = line.split("#", 1)[0].split()
            if not f:
                continue
            if f[0] == "log" and len(f) >= 2:
                self.key(f[1], 1, None, seen)
            elif f[0] == "witness" and len(f) >= 3:
                self.name(f[1])
                self.groups[f[1]] = (1, [self.key(f[2], 4, f[1], seen)])
            elif f[0] == "group" and len(f) >= 4:
                self.name(f[1])
                k = {"any": 1, "all": len(f) - 3}.get(f[2]) or int(f[2])
                if not 1 <= k <= len(f) - 3 or any(m not in self.groups for m in f[3:]):
                    raise SystemExit("anchor: group %s is wrong" % f[1])
                self.groups[f[1]] = (k, f[3:])
            elif f[0] == "quorum" and len(f) >= 2 and self.quorum is None:
                self.quorum = f[1]
            else:
                raise SystemExit("anchor: %r is not understood" % line)
        if self.quorum != "none" and self.quorum not in self.groups:
            raise SystemExit("anchor: it names no quorum")

    def name(self, n):
        if n in self.groups:
            raise SystemExit("anchor: %s stands twice" % n)

    def key(self, vkey, alg, witness, seen):
        name, kid, b = vkey.split("+", 2)
        raw = base64.b64decode(b, validate=True)
        if len(raw) != 33 or raw[0] != alg or sha256(name.encode() + b"\n" + raw)[:4].hex() != kid:
            raise SystemExit("anchor: %s is no key for this" % vkey)
        if raw[1:] in seen:
            raise SystemExit("anchor: a key stands twice, and would count twice")
        seen.add(raw[1:])
        self.keys[name, bytes.fromhex(kid)] = (raw[1:], witness)
        return (name, bytes.fromhex(kid))

    def signers(self, signed):
        """Who of this policy signed: {(name, id): time of the cosignature, None for a log}."""
        text, sigs = signatures(signed)
        out = {}
        for name, kid, sig in sigs:
            if (name, kid) not in self.keys or (name, kid) in out:
                continue
            public, witness = self.keys[name, kid]
            if witness is None:
                good, at = ed25519(public, text.encode(), sig), None
            else:
                at = struct.unpack(">Q", sig[:8])[0] if len(sig) == 72 else 0
                good = len(sig) == 72 and ed25519(public, ("cosignature/v1\ntime %d\n" % at).encode() + text.encode(), sig[8:])
            if not good:
                raise InvalidSignature("the signature of %s is wrong" % name)
            out[name, kid] = at
        return out

    def check(self, signed, now):
        """(signed by the log, cosigned by enough, time of the newest cosignature)."""
        got = self.signers(signed)
        origin = read_checkpoint(signed)[0]
        by_log = any(at is None and name == origin for (name, _), at in got.items())
        times = {who: at for who, at in got.items() if at is not None and 0 < at <= now + SKEW}
        return by_log, self.quorum == "none" or self.met(self.quorum, times), max(times.values(), default=None)

    def met(self, member, times):
        if isinstance(member, tuple):
            return member in times
        k, members = self.groups[member]
        return sum(self.met(m, times) for m in members) >= k

    def witnesses(self):
        return any(w is not None for _, w in self.keys.values())


# ---- timestamps: RFC 3161, in DER

def oid(dotted):
    a, b, *rest = map(int, dotted.split("."))
    out = bytes([40 * a + b])
    for n in rest:
        part = [n & 127]
        while n > 127:
            n >>= 7
            part.insert(0, n & 127 | 128)
        out += bytes(part)
    return bytes([6, len(out)]) + out


SIGNED_DATA, TST_INFO = oid("1.2.840.113549.1.7.2"), oid("1.2.840.113549.1.9.16.1.4")
CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERT = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4"), oid("1.2.840.113549.1.9.16.2.47")
RSA = oid("1.2.840.113549.1.1.1")
DIGESTS = {oid("2.16.840.1.101.3.4.2.%d" % n): (hash, {RSA, oid("1.2.840.113549.1.1.%d" % (n + 10)), oid("1.2.840.10045.4.3.%d" % (n + 1))})
           for n, hash in ((1, "sha256"), (2, "sha384"), (3, "sha512"))}
GRANTED = bytes.fromhex("3003020100")


class Element:
    """An element of DER: short tags, definite lengths in the fewest bytes."""

    def __init__(self, b, depth=0):
        need(len(b) >= 2 and b[0] & 31 != 31, "it is no DER")
        n, head = b[1], 2
        if n >= 128:
            head += n - 128
            need(1 <= n - 128 <= 3 and len(b) >= head, "it is no DER")
            n = int.from_bytes(b[2:head], "big")
            need(n >= 128 and n >> 8 * (head - 3), "it is no DER")
        need(len(b) >= head + n, "it is no DER")
        self.tag, self.raw, self.body, self.rest, self.children = b[0], b[:head + n], b[head:head + n], b[head + n:], []
        left = self.body if self.tag & 32 else b""
        need(not self.tag & 32 or depth < 32, "it is no DER")
        while left:
            self.children.append(Element(left, depth + 1))
            left = self.children[-1].rest

    def fields(self, tag, *tags):
        need(self.tag == tag and [c.tag for c in self.children] == list(tags), "it is not of the form of a timestamp")
        return self.children

    def algorithm(self):
        if [c.raw for c in self.children[1:]] == [b"\x05\x00"]:
            return self.fields(0x30, 6, 5)[0].raw
        return self.fields(0x30, 6)[0].raw

    def digest(self):
        name = self.algorithm()
        need(name in DIGESTS, "it rests on no digest of the SHA-2 family")
        return DIGESTS[name]


def whole(b):
    e = Element(b)
    need(not e.rest, "something stands behind it")
    return e


class Timestamp:
    """A response of RFC 3161 that grants, in DER, with nothing in it that is not looked at."""

    def __init__(self, b):
        status, signed = whole(b).fields(0x30, 0x30, 0x30)
        need(status.raw == GRANTED, "it does not grant a timestamp")
        kind, wrapped = signed.fields(0x30, 6, 0xa0)
        need(kind.raw == SIGNED_DATA and len(wrapped.children) == 1, "it holds no signed data")
        version, algorithms, content, certs, signers = wrapped.children[0].fields(0x30, 2, 0x31, 0x30, 0xa0, 0x31)
        kind, text = content.fields(0x30, 6, 0xa0)
        need(version.body == b"\x03" and kind.raw == TST_INFO, "what it signs is no timestamp")
        self.stored = b
        info = text.fields(0xa0, 4)[0].body
        self.read_info(whole(info))
        version, sid, hash, attrs, algorithm, signature = signers.fields(0x31, 0x30)[0].fields(0x30, 2, 0x30, 0x30, 0xa0, 0x30, 4)
        name, signatures = hash.digest()
        need(version.body == b"\x01" and algorithms.fields(0x31, 0x30)[0].digest()[0] == name, "it names another digest than that of its signature")
        need(algorithm.algorithm() in signatures, "its signature is neither RSA (PKCS #1) nor ECDSA")
        self.read_attributes(attrs, sid, certs, hashlib.new(name, info).digest())
        self.signature = ("pkeyutl", "-verify", "-pubin", "-keyform", "DER", "-inkey", certificate(self.signer)[5].raw, "-rawin",
                          "-digest", name, "-in", b"\x31" + attrs.raw[1:], "-sigfile", signature.body)

    def read_info(self, e):
        c = e.children
        need(e.tag == 0x30 and len(c) >= 5 and c[0].raw == b"\x02\x01\x01" and (c[1].tag, c[3].tag, c[4].tag) == (6, 2, 0x18), "its content is no timestamp")
        hash, imprint = c[2].fields(0x30, 0x30, 4)
        self.hash, self.imprint = hash.digest()[0], imprint.body
        m = re.fullmatch(rb"([0-9]{14})(?:\.[0-9]+)?Z", c[4].body)
        need(m, "it tells no instant")
        try:
            self.at = int(datetime.datetime.strptime(m[1].decode() + "+0000", "%Y%m%d%H%M%S%z").timestamp())
        except ValueError:
            raise Contradiction("it tells no instant")

    def read_attributes(self, attrs, sid, certs, digest):
        values = {}
        for a in attrs.children:
            name, value = a.fields(0x30, 6, 0x31)
            need(name.raw not in values and len(value.children) == 1, "its signed attributes are malformed")
            values[name.raw] = value.children[0]
        need(all(name in values for name in (CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERT)), "a signed attribute is missing")
        need(values[CONTENT_TYPE].raw == TST_INFO, "its signature is not over a timestamp")
        need(values[MESSAGE_DIGEST].tag == 4 and values[MESSAGE_DIGEST].body == digest, "its signature is over another content")
        ids = values[SIGNING_CERT].children
        need(ids and ids[0].children and ids[0].children[0].children, "it does not name the certificate of the TSA")
        first, name = ids[0].children[0].children, "sha256"
        if first[0].tag == 0x30:
            name, first = first[0].digest()[0], first[1:]
        need(first and first[0].tag == 4, "it does not name the certificate of the TSA")
        for self.signer in certs.children:
            if hashlib.new(name, self.signer.raw).digest() == first[0].body:
                serial, _, issuer, *_ = certificate(self.signer)
                need(sid.body == issuer.raw + serial.raw, "it is signed by another certificate than it names")
                return
        need(False, "the certificate that it names is not in it")

    def check(self, note):
        need(hashlib.new(self.hash, note).digest() == self.imprint, "it is over something else than this checkpoint")
        need(openssl(*self.signature), "its signature is wrong")

    def believed(self, note, roots, now):
        return (roots and self.at <= now + SKEW and
                openssl("ts", "-verify", "-in", self.stored, "-data", note, "-CAfile", roots, "-partial_chain", "-attime", str(self.at)))


def certificate(e):
    """Serial number, algorithm, issuer, validity, subject and key of a certificate."""
    fields = e.children[0].children if e.children else []
    if fields and fields[0].tag == 0xa0:
        fields = fields[1:]
    need(len(fields) >= 6, "it holds something else than certificates")
    return fields[:6]


@functools.lru_cache(maxsize=4096)
def openssl(*args):
    """Whether a command of openssl is content; arguments that are bytes go to it in files."""
    with tempfile.TemporaryDirectory() as d:
        words = []
        for i, a in enumerate(args):
            if isinstance(a, bytes):
                path = os.path.join(d, str(i))
                with open(path, "wb") as f:
                    f.write(a)
                a = path
            words.append(a)
        return subprocess.run(["openssl"] + words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode == 0


# ---- the bundle

class Bundle:
    def __init__(self, b, policies, now, roots=b""):
        self.claims, self.policies, self.roots, self.now = [], policies, roots, now
        try:
            self.files = read_zip(b)
            check_bag(self.files)
        except Contradiction as e:
            self.claim("container", CONTRADICTED, e)
            return
        m = ABOUT.fullmatch(self.files.get("data/bundle.json", b""))
        if not m:
            raise Unreadable("bundle.json is not in the form incidentledger/bundle/1, which this verifier reads")
        self.org, self.origin, self.incident, self.export = m[1].decode(), m[2].decode(), m[3].decode(), int(m[4])
        for name in self.files:
            if name.startswith("data/") and not KNOWN.fullmatch(name):
                self.claim("container", CONTRADICTED, name + " belongs to no bundle")
                return
        self.claim("container", PROVEN, "%d files agree with their manifests" % len(self.files))
        for name, check in (("entries", self.read_entries), ("integrity and place", self.check_proofs), ("completeness", self.check_chain),
                            ("basis", self.check_basis), ("disclosures", self.check_disclosures),
                            ("evidence files", self.check_files)):
            try:
                detail = check()
            except Contradiction as e:
                self.claim(name, CONTRADICTED, e)
                return
            if detail:
                self.claim(name, PROVEN, detail)
        self.check_anchors()
        self.check_stamps()
        self.check_times()

    def claim(self, name, verdict, detail):
        self.claims.append((name, verdict, str(detail)))

    def under(self, folder, suffix):
        at = "data/" + folder + "/"
        return {n[len(at):].removesuffix(suffix): d for n, d in self.files.items() if n.startswith(at) and n.endswith(suffix)}

    def read_entries(self):
        self.entries = {}
        for part, data in sorted(self.under("entries", ".json").items()):
            seq, e = int(part), read_json(data)
            need(seq < 1 << 63, "an entry has no sequence")
            need(isinstance(e, dict) and set(e) <= MEMBERS and e.get("v") == "incidentledger/entry/1" and e.get("events"),
                 "entry %d is not in the form incidentledger/entry/1" % seq)
            need(e.get("org") == self.org, "entry %d is of another organisation" % seq)
            self.entries[seq] = (e, leaf_hash(data))
        need(self.export in self.entries, "entry %d, by which the bundle was made, is not in it" % self.export)

    def check_proofs(self):
        proofs = self.under("proofs", ".tlog-proof")
        need(len(proofs) == len(self.entries), "there are not as many proofs as entries")
        self.checkpoint = None
        for seq, (_, leaf) in sorted(self.entries.items()):
            data = proofs.get("%020d" % seq, b"")
            head, found, checkpoint = data.partition(b"\n\n")
            lines = head.decode("utf-8", "replace").split("\n")
            need(found and len(lines) >= 2 and lines[0] == "c2sp.org/tlog-proof@v1", "the proof of entry %d is none" % seq)
            need(lines[1] == "index %d" % (seq - 1), "the proof of entry %d is for another place" % seq)
            if self.checkpoint is None:
                self.checkpoint = checkpoint
                origin, self.size, self.root = read_checkpoint(checkpoint)
                need(origin == self.origin, "the checkpoint is of another log")
            need(checkpoint == self.checkpoint, "the proof of entry %d has another checkpoint" % seq)
            need(1 <= seq <= self.size, "the log has fewer entries")
            need(root_of_inclusion(seq - 1, self.size, leaf, hashes(lines[2:])) == self.root, "entry %d does not stand in the log" % seq)
        return "the bytes of %d entries stand at their places among the first %d of the log" % (len(self.entries), self.size)

    def check_chain(self):
        last = self.entries[self.export][0]
        need(any(ev.get("type") == "ExportPrepared" for ev in last["events"]) and last.get("key") == self.incident,
             "entry %d does not prepare the export of this incident" % self.export)
        mine = lambda e: (e.get("kind"), e.get("key")) == (last.get("kind"), last.get("key"))
        seq, chain = self.export, set()
        while True:
            e = self.entries[seq][0]
            need(mine(e), "entry %d is of another incident" % seq)
            chain.add(seq)
            prev = e.get("prev", 0)
            if prev == 0:
                break
            need(prev < seq, "entry %d names a later one before it" % seq)
            need(prev in self.entries, "entry %d of the incident is missing" % prev)
            need(self.entries[prev][1].hex() == e.get("prevHash"), "entry %d names another entry %d" % (seq, prev))
            need(self.entries[prev][0].get("recorded", "") <= e.get("recorded", ""), "entry %d was recorded before entry %d" % (seq, prev))
            seq = prev
        need(all(s in chain for s, (e, _) in self.entries.items() if mine(e)), "an entry of the incident does not stand in its chain")
        return "the incident has %d entries up to its export in entry %d; each names the one before it, and none is missing" % (len(chain), self.export)

    def check_basis(self):
        sets = self.under("policies", ".json")
        for name, data in sets.items():
            need(hashlib.sha256(data).hexdigest() == name, "a policy set has another SHA-256 than its name")
        for seq, (e, _) in sorted(self.entries.items()):
            for b in e.get("basis") or []:
                at = self.entries.get(b.get("seq"))
                need(at and (at[0].get("kind"), at[0].get("key")) == (b.get("kind"), b.get("key")), "what entry %d was decided by is not here" % seq)
                if b.get("kind") == "policy":
                    need(b.get("hash") in sets, "the policy set that entry %d was decided by is not here" % seq)
                else:
                    need(b.get("hash") == at[1].hex(), "entry %d was decided by another entry than the one here" % seq)
        return "what the decisions read is here, and %d policy sets" % len(sets)

    def check_disclosures(self):
        texts, shown, hidden = self.under("disclosures", ".txt"), 0, 0
        need(all(int(name) in self.entries for name in texts), "there are disclosures of entries that are not here")
        for seq, (e, _) in sorted(self.entries.items()):
            digests = [d for ev in e["events"] for d in ev.get("sd") or []] + list((e.get("by") or {}).get("sd") or [])
            need(len(digests) == len(set(digests)), "a digest stands twice in entry %d" % seq)
            left = set(digests)
            data = texts.get("%020d" % seq, b"")
            for d in data.decode("utf-8", "replace").removesuffix("\n").split("\n") if data else []:
                self.disclosure(d)
                digest = base64.urlsafe_b64encode(sha256(d.encode())).decode().rstrip("=")
                need(digest in left, "a disclosure meets no digest of entry %d" % seq)
                left.remove(digest)
                shown += 1
            hidden += len(left)
        return "%d texts are those that were sealed; %d more were written and are withheld or erased" % (shown, hidden)

    def check_files(self):
        files, named = self.under("evidence", ""), set()
        for e, _ in self.entries.values():
            for ev in e["events"]:
                members = ev["open"].values() if isinstance(ev.get("open"), dict) else []
                named.update(m["sha256"] for m in members if isinstance(m, dict) and isinstance(m.get("sha256"), str))
        for name, data in files.items():
            need(hashlib.sha256(data).hexdigest() == name, "an evidence file has another SHA-256 than its name")
            need(name in named, "no entry names the evidence file " + name)
        if files or named:
            return ("%d files have the SHA-256 that the entries name; %d more are named and not here: withheld, erased, or kept elsewhere"
                    % (len(files), len(named) - len(files)))

    @staticmethod
    def disclosure(d):
        need(re.fullmatch(r"[A-Za-z0-9_-]+", d), "a disclosure is no base64url")
        raw = unbase64(d.replace("-", "+").replace("_", "/") + "=" * (-len(d) % 4))
        v = read_json(raw)
        need(isinstance(v, list) and len(v) == 3 and all(isinstance(x, str) for x in v), "a disclosure is not an array of salt, path and text")

    def check_anchors(self):
        if not self.policies:
            self.claim("signature of the log", NOT_PROVEN, "no anchor was given: the bundle agrees with itself, and whoever made it may have made all of it")
            return
        for p in self.policies:
            try:
                by_log, enough, _ = p.check(self.checkpoint, self.now)
            except (InvalidSignature, Contradiction) as e:
                self.claim("signature of the log", CONTRADICTED, e)
                return
            if by_log:
                self.claim("signature of the log", PROVEN, "the checkpoint is signed by the log " + self.origin)
                if not enough:
                    self.claim("witnesses", NOT_PROVEN, "not cosigned by enough witnesses")
                elif p.witnesses():
                    self.claim("witnesses", PROVEN, "as many witnesses as the anchor asks cosigned it")
                return
        self.claim("signature of the log", NOT_PROVEN, "no anchor names the key that signed the checkpoint: it is another log, or a forgery")

    def check_stamps(self):
        self.stamps, mine = [], []
        stamps = self.under("timestamps", ".tsr")
        if not stamps and not self.roots:
            return
        for name, data in sorted(stamps.items()):
            size = name.split(".")[0]
            own = size == str(self.size)
            note = self.checkpoint if own else self.files.get("data/checkpoints/%s.note" % size)
            try:
                need(note is not None, "its checkpoint is not here")
                t = Timestamp(data)
                t.check(note)
            except Contradiction as e:
                self.claim("timestamp", CONTRADICTED, "%s: %s" % (name, e))
                return
            if t.believed(note, self.roots, self.now):
                self.stamps.append((int(size), t.at))
                if own:
                    mine.append(t.at)
        if not mine:
            self.claim("timestamp", NOT_PROVEN, "no timestamp is over the checkpoint of the bundle for which the anchors vouch")
            return
        self.claim("timestamp", PROVEN, "the checkpoint was there at %s; whether that is a qualified timestamp the trusted lists tell"
                   % datetime.datetime.fromtimestamp(min(mine), datetime.timezone.utc).isoformat())

    def check_times(self):
        try:
            moments = self.moments()
        except Contradiction as e:
            self.claim("time", CONTRADICTED, e)
            return
        for seq, (e, _) in sorted(self.entries.items()):
            try:
                at = datetime.datetime.strptime(e["recorded"], "%Y-%m-%dT%H:%M:%S.%f%z").timestamp()
            except (ValueError, KeyError, TypeError):
                self.claim("time", CONTRADICTED, "entry %d has no instant" % seq)
                return
            before = [t for size, t in moments if size < seq]
            after = [t for size, t in moments + self.stamps if size >= seq]
            if before and at < before[-1] - SLACK or after and at > min(after) + SLACK:
                self.claim("time", CONTRADICTED, "entry %d says another time than the witnesses" % seq)
                return
        if not moments:
            self.claim("time", NOT_PROVEN, "no witness of an anchor vouches for a time; a timestamp shows only that the entries were not written later")
            return
        self.claim("time", PROVEN, "every entry was in the log when witnesses say so")

    def moments(self):
        out, proofs = [], self.under("consistency", ".txt")
        for name, signed in sorted(self.under("checkpoints", ".note").items()):
            origin, size, root = read_checkpoint(signed)
            need(str(size) == name and origin == self.origin and 1 <= size < self.size, "a checkpoint is not what its name says")
            data = proofs.get(name, b"")
            need(not data or data.endswith(b"\n"), "a proof of consistency is cut off")
            check_consistency(size, self.size, root, self.root, hashes(data.decode("utf-8", "replace").split("\n")[:-1]))
            out.append((size, self.vouched(signed)))
        out.append((self.size, self.vouched(self.checkpoint)))
        return sorted((size, at) for size, at in out if at is not None)

    def vouched(self, signed):
        for p in self.policies:
            if p.witnesses():
                try:
                    by_log, enough, at = p.check(signed, self.now)
                except (InvalidSignature, Contradiction):
                    continue
                if by_log and enough:
                    return at
        return None


def anchors(texts):
    """The policies in the texts of anchors, and all certificates."""
    policies, roots = [], []
    for text in texts:
        found = re.findall("(?s)-----BEGIN CERTIFICATE-----.*?-----END CERTIFICATE-----", text)
        for c in found:
            text = text.replace(c, "")
        roots += found
        if not found or re.search("(?m)^log ", text):
            policies.append(Policy(text))
    return policies, "\n".join(roots).encode()


def verify(b, anchored, now):
    """The claims on a bundle, and the exit code they give."""
    bundle = Bundle(b, anchored[0], now, anchored[1])
    verdicts = {v for _, v, _ in bundle.claims}
    return bundle.claims, 1 if CONTRADICTED in verdicts else 2 if NOT_PROVEN in verdicts else 0


def main(args):
    if len(args) < 1:
        print(__doc__)
        return 3
    texts = []
    for path in args[1:]:
        with open(path, encoding="utf-8") as f:
            texts.append(f.read())
    try:
        with open(args[0], "rb") as f:
            claims, code = verify(f.read(), anchors(texts), int(time.time()))
    except (Unreadable, OSError) as e:
        print("UNREADABLE: %s" % e)
        return 3
    for name, verdict, detail in claims:
        print("%-13s %s: %s" % (verdict, name, detail))
    print({0: PROVEN, 1: CONTRADICTED, 2: NOT_PROVEN}[code])
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
