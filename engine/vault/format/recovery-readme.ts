/**
 * README.txt of a vault: how to get everything out of it without this software. Plain text for people; no code
 * trusts it. Lines that are indented by four spaces are commands; taken together, from the first to the last, they
 * are one bash script (tests run it against a real vault).
 */
import { sha256Hex } from "../../crypto/cryptography.ts";
import type { Cryptography } from "../../crypto/cryptography.ts";
import { publicKeyPem } from "../../crypto/keys.ts";
import { equalBytes, utf8 } from "../../foundation/bytes.ts";
import { hasCode } from "../../foundation/errors.ts";
import { readObject } from "../../store/object-store.ts";
import type { ObjectReader } from "../../store/object-store.ts";
import { readmeName } from "./layout.ts";
import type { GenesisEntry, SignerRole } from "./log-entry.ts";

export interface ReadmeFacts {
  readonly vault: string;
  readonly genesis: GenesisEntry;
}

/**
 * Earlier forms of the page, by the SHA-256 of what is the same in every vault: vaults keep the page of the version that
 * began them.
 */
const earlierForms: ReadonlySet<string> = new Set([
  "94409f155362e43e41f7e5a22a3b42c44860cd6adb3f43010b974532d19ef299",
  "97a7c5ef6c555ea509f6750ff2e9c4215067e7ea880cc31d297ebc9064b7c044",
]);

/** `earlier`: a version of this program before has written it for this vault; `other`: none has. */
export type ReadmeState = "current" | "earlier" | "other" | "missing";

export interface StoredReadme {
  readonly state: ReadmeState;
  /** Of the stored bytes; undefined where there is none, or none that is small. */
  readonly sha256: string | undefined;
}

const maxReadmeBytes = 128 * 1024;

/** The page as it is stored now. Whoever can write over objects could put another one there, with commands of their own. */
export async function storedReadme(
  { store, cryptography }: { readonly store: ObjectReader; readonly cryptography: Cryptography },
  facts: ReadmeFacts,
): Promise<StoredReadme> {
  try {
    const bytes = await readObject(store, readmeName(facts.vault), maxReadmeBytes);
    const sha256 = sha256Hex(cryptography, bytes);
    if (equalBytes(bytes, utf8(recoveryReadme(facts)))) return { state: "current", sha256 };
    const form = formOf(new TextDecoder().decode(bytes), facts);
    return { state: earlierForms.has(sha256Hex(cryptography, utf8(form))) ? "earlier" : "other", sha256 };
  } catch (error) {
    if (hasCode(error, "STORE_NOT_FOUND")) return { state: "missing", sha256: undefined };
    if (error instanceof RangeError) return { state: "other", sha256: undefined };
    throw error;
  }
}

/** The page without what is of this vault alone. */
function formOf(text: string, { vault, genesis }: ReadmeFacts): string {
  const { signers } = genesis.genesis;
  const own = [keysForPeople(signers), keysForCommands(signers), sourceOf(genesis), vault];
  return own.reduce((form, value, index) => form.replaceAll(value, `{${index}}`), text);
}

function sourceOf({ genesis: { project, organization } }: GenesisEntry): string {
  const what = project === undefined ? "the settings" : `project ${inertWord(project.id)}`;
  return `${what} of organisation ${inertWord(organization.id)},\n${inertWord(organization.url)}`;
}

function keysForPeople(signers: readonly SignerRole[]): string {
  return signers.map(signerText).join("\n");
}

function keysForCommands(signers: readonly SignerRole[]): string {
  return signers.map(({ pub, may }) => `'${JSON.stringify({ pub, may })}'`).join(" \\\n      ");
}

export function recoveryReadme({ vault, genesis }: ReadmeFacts): string {
  const sections = [
    introduction(vault, sourceOf(genesis)),
    tools(vault),
    signedLog(genesis.genesis.signers),
    snapshot,
    repository,
    records,
    files,
    layout,
  ];
  return sections.map((section) => `${section.trim()}\n`).join("\n");
}

/** Nothing that comes from elsewhere may look like a command of this page. */
function inertWord(text: string): string {
  return text.replace(/[^!-~]/g, "?");
}

function introduction(vault: string, source: string): string {
  return `
HOW TO RECOVER WHAT IS IN THIS FOLDER
=====================================

This is a vault (format 1) of Project Backup for Azure DevOps. It holds backups of
${source}
Vault id: ${vault}

With that software, use its command line or its task RestoreItem. Without it, this page is enough: you need

  - the recovery key (one line, AGE-SECRET-KEY-1...); nobody can open the content without it,
  - read and list access to this container,
  - age (age-encryption.org), openssl 3, git, gunzip, jq, tar, curl and a bash shell.

Lines that begin with four spaces are commands. Copy them block by block, in order.
This page is not signed. The public keys below must be the ones in the "signer" line that you keep elsewhere.
`;
}

function tools(vault: string): string {
  return `
1. TOOLS AND KEYS
-----------------
Put your values here. The SAS needs the letters r and l. The key file holds the recovery key. A value that is set
already is kept, here and below: to choose anew, write for example SNAPSHOT=log/0000000002.json and go on from there.

    : "\${CONTAINER_URL:=https://ACCOUNT.blob.core.windows.net/CONTAINER}"
    : "\${CONTAINER_SAS:=sv=...&sig=...}"
    : "\${KEY_FILE:=$PWD/recovery.key}"
    CONTAINER_SAS="\${CONTAINER_SAS#\\?}"
    VAULT=${vault}
    mkdir -p recovered && cd recovered && mkdir -p log files

Helpers: refuse what is no name for this page; fetch one name; list all names below a prefix, page by page; fetch an
object by its reference (a JSON object: o = name below data/, h = SHA-256 of the stored bytes), check its hash and open
it.
Whoever has written into the vault with a stolen key may have put anything in place of a name: each one is checked
before a file is written or a command is run with it. REFUSED means that nothing was done with it.

    matches() { [ "$(printf '%s' "$2" | wc -l)" -eq 0 ] && printf '%s' "$2" | LC_ALL=C grep -Eqx "$1"; }
    is_id() { matches '[A-Za-z0-9][A-Za-z0-9._-]{0,127}' "$1"; }
    is_object() { matches '[0-9]{8}T[0-9]{6}Z-[0-9a-f]{8}/[0-9a-f]{2}-[0-9]{6}[.][a-z]+([.][a-z]+)*' "$1"; }
    refused() { echo "REFUSED: $(printf '%s' "$1" | LC_ALL=C tr -c '[:print:]' '?' | cut -c 1-200)" >&2; }
    fetch() { curl --fail --silent --show-error "$CONTAINER_URL/$1?$CONTAINER_SAS"; }
    list() {
      local page marker=
      while page=$(curl --fail --silent --show-error --get "$CONTAINER_URL?$CONTAINER_SAS" \\
          --data-urlencode restype=container --data-urlencode comp=list \\
          --data-urlencode "prefix=$1" --data-urlencode "marker=$marker"); do
        printf '%s' "$page" | grep -o '<Name>[^<]*' | cut -c 7-
        marker=$(printf '%s' "$page" | grep -o '<NextMarker>[^<]*' | cut -c 13-)
        if [ -z "$marker" ]; then return 0; fi
      done
      echo "the listing of $1 is not complete" >&2; return 1
    }
    sha256() { openssl dgst -sha256 -r "$1" | cut -c 1-64; }
    object() {
      if ! is_object "$(printf '%s' "$1" | jq -r .o)"; then refused "$1"; return 1; fi
      fetch "$VAULT/data/$(printf '%s' "$1" | jq -r .o)" > sealed.tmp || return 1
      if [ "$(sha256 sealed.tmp)" != "$(printf '%s' "$1" | jq -r .h)" ]; then
        echo "DAMAGED: $1" >&2; return 1
      fi
      age --decrypt --identity "$KEY_FILE" sealed.tmp
    }

DAMAGED means: the stored bytes are not the ones that were signed. Do not use what is built on it. If the storage
account keeps versions, look for an older version of the same name; the oldest one with the right hash is the object.
`;
}

function signedLog(signers: readonly SignerRole[]): string {
  return `
2. THE LOG
----------
log/0000000000.json and so on are the only truth. Each entry is two lines: a JSON object, and the base64 of an
Ed25519 signature over exactly the bytes of line 1 without its line feed. "prev" is the SHA-256 of the whole entry
before. An entry without a valid signature of a key that may write its kind is void: leave it out.

The public keys, as "signer" lines and as PEM, and what each may sign:

${keysForPeople(signers)}
    pem() {
      printf '%s\\n' '-----BEGIN PUBLIC KEY-----' \\
        "MCowBQYDK2VwAyEA$(printf '%s' "\${1#ed25519:}" | tr '_-' '/+')=" '-----END PUBLIC KEY-----'
    }
    trust() {
      rm -f signer-*
      jq -r '.pub + " " + (.may + ["genesis"] | join(","))' | while read -r public may; do
        number=$(ls | grep -c '^signer-.*pem$'); pem "$public" > "signer-$number.pem"
        printf '%s\\n' "$may" | tr ',' '\\n' > "signer-$number.may"
      done
    }
    signed_by() {
      for key in signer-*.pem; do
        if grep -qx "$1" "\${key%.pem}.may" && openssl pkeyutl -verify -rawin -pubin -inkey "$key" \\
            -in line.tmp -sigfile signature.tmp > verify.tmp 2>&1; then echo "$key"; return 0; fi
      done
      return 1
    }
    printf '%s\\n' ${keysForCommands(signers)} | trust
    list "$VAULT/log/" > names.txt
    while read -r name; do
      if matches "$VAULT/log/[0-9]{10}[.]json" "$name"; then fetch "$name" > "log/\${name##*/}"
      else refused "$name"; fi
    done < names.txt
    prev=null; : > valid.txt
    for entry in log/*.json; do
      head -n 1 "$entry" | tr -d '\\n' > line.tmp
      tail -n +2 "$entry" | openssl base64 -d -A > signature.tmp
      kind=$(jq -r .kind line.tmp 2> verify.tmp || echo unreadable)
      if key=$(signed_by "$kind") && [ "$(jq -r .vault line.tmp)" = "$VAULT" ]; then
        if [ "$(jq -r .prev line.tmp)" != "$prev" ]; then echo "BREAK in the chain before $entry" >&2; fi
        prev=sha256:$(sha256 "$entry")
        echo "$entry" >> valid.txt
        echo "$entry: $kind, signed by $key"
        if [ "$kind" = keys ]; then jq -c '.keys.signers[]' line.tmp | trust; fi
      else echo "$entry: VOID" >&2; fi
    done

If you kept a "vaultHead" line (number:hash), compare it with the last valid entry or an earlier one:

    echo "head: $(tail -n 1 valid.txt) $prev"
`;
}

function signerText({ pub, may }: SignerRole): string {
  return `${pub}   may sign: ${may.join(", ")}\n${publicKeyPem(pub)}`;
}

const snapshot = `
3. A SNAPSHOT
-------------
Snapshots, oldest first: entry, time, status. Those that a later entry of kind "retire" names may be gone.

    while read -r entry; do
      head -n 1 "$entry" | jq -r --arg entry "$entry" 'select(.kind == "snapshot") | [$entry, .at, .snapshot.status] | @tsv'
    done < valid.txt | tee snapshots.txt

The newest one is taken here. For another one write its entry first, as in: SNAPSHOT=log/0000000002.json

    : "\${SNAPSHOT:=$(tail -n 1 snapshots.txt | cut -f 1)}"
    object "$(head -n 1 "$SNAPSHOT" | jq -c .snapshot.index)" | gunzip > index.ndjson
    jq -r '[.s, .name // "", .st, .asOf // ""] | @tsv' index.ndjson
    state_of() { object "$(jq -c --arg s "$1" 'select(.s == $s) | .state' index.ndjson)" | gunzip; }

Each line of the index is a stream: its id, its name, its status ("stale" and "missing": the state is older than the
snapshot) and when it was read. "state" refers to what it held: a chain of segments, a base and what came after.
`;

const repository = `
4. A GIT REPOSITORY
-------------------
Its segments are Git bundles that build on each other; the refs stand in the state. The first repository of the list
above is taken. For another one write its id first, as in: REPOSITORY=git-repositories/5a3c2f10-...
To make a second one, move repository.git away before.

    : "\${REPOSITORY:=$(jq -r .s index.ndjson | grep -E '^git-repositories/[^/]*$' | head -n 1)}"
    state_of "$REPOSITORY" > state.json
    case "$(jq -r .hash state.json)" in sha256) hash=sha256 ;; *) hash=sha1 ;; esac
    git init --quiet --bare --object-format="$hash" repository.git
    number=0
    jq -c '.chain[]' state.json > chain.ndjson
    while read -r segment; do
      number=$((number + 1))
      object "$segment" > segment.bundle
      git -C repository.git fetch --quiet --no-tags ../segment.bundle "+refs/*:refs/seg/$number/*"
    done < chain.ndjson
    jq -r '.refs | to_entries[] | select((.key | test("^refs/[!-~]+$")) and (.value[0] | test("^[0-9a-f]{40,64}$")))
        | "create " + .key + " " + .value[0]' state.json | git -C repository.git update-ref --stdin
    git -C repository.git for-each-ref --format='delete %(refname)' refs/seg | git -C repository.git update-ref --stdin
    head=$(jq -r '.head // "refs/heads/main"' state.json)
    case "$head" in refs/heads/*) git -C repository.git symbolic-ref HEAD "$head" ;; *) refused "$head" ;; esac
    git -C repository.git fsck --full --strict
`;

const records = `
5. WORK ITEMS AND OTHER RECORDS
-------------------------------
Segments of records hold one JSON object per line; the base comes first. A line {"id":KEY,...} or
{"$put":KEY,"value":...} is a record, {"$del":KEY} says that there is none any more; the last line for a key counts.
Work item 1 is taken. For another one write its number first, as in: RECORD=42

    : "\${RECORDS:=work-items}" "\${RECORD:=1}"
    state_of "$RECORDS" > records.json
    jq -c '.chain[]' records.json > chain.ndjson
    while read -r segment; do object "$segment" | gunzip; done < chain.ndjson > records.ndjson

One record, byte for byte as it was stored (a key that is a text stands in quotes: RECORD='"text"'):

    grep -F -e "{\\"id\\":$RECORD," -e "{\\"id\\":$RECORD}" -e "{\\"\\$put\\":$RECORD," -e "{\\"\\$del\\":$RECORD}" records.ndjson \\
      | grep -E '^\\{"(id|\\$put|\\$del)":' | tail -n 1 > record.json
    jq . record.json

All of them, merged:

    jq -c -n 'reduce inputs as $line ({};
        if $line | has("$del") then delpaths([[$line["$del"] | tojson]])
        elif $line | has("$put") then .[$line["$put"] | tojson] = $line.value
        else .[$line.id | tojson] = $line end) | .[]' records.ndjson > merged.ndjson
`;

const files = `
6. ATTACHMENTS, LFS OBJECTS AND OTHER FILES
-------------------------------------------
They are in the stream with "/files" at its end. Its table of contents (toc) says which segment holds which file;
a segment is a tar of small files, or one large file. Names are ids; a record says which file has which name. A tar is
unpacked only if it holds nothing but plain files whose names are ids.
The files of the work items are taken, or the first there are. For the LFS objects of the repository that you took
out write first: FILES="$REPOSITORY/files"

    : "\${FILES:=$(jq -r .s index.ndjson | grep -x work-items/files || jq -r .s index.ndjson | grep -m 1 '/files$')}"
    unpack() {
      tar -t -f "$1" > entries.tmp && tar -t -v -f "$1" > details.tmp || return 1
      while IFS= read -r entry; do
        if ! is_id "$entry"; then refused "$entry in a tar"; return 1; fi
      done < entries.tmp
      if LC_ALL=C grep -qv '^-' details.tmp; then refused "a link or device in a tar"; return 1; fi
      tar -x -o -f "$1" -C files
    }
    if [ -n "$FILES" ]; then
      state_of "$FILES" > files.json
      jq -c '.toc[]' files.json > chain.ndjson
      while read -r segment; do object "$segment" | gunzip; done < chain.ndjson > toc.ndjson
      jq -c '.chain | to_entries[]' files.json > chain.ndjson
      while read -r place; do
        object "$(printf '%s' "$place" | jq -c .value)" > segment.tmp
        case "$(printf '%s' "$place" | jq -r .value.o)" in
          *.tar.age) unpack segment.tmp ;;
          *) id=$(jq -r --argjson place "$place" 'select(.segment == $place.key) | .id' toc.ndjson)
            if is_id "$id"; then cp -P segment.tmp "files/$id"; else refused "$id"; fi ;;
        esac
      done < chain.ndjson
      jq -r '.sha256 + " " + .id' toc.ndjson | while read -r hash id; do
        if ! is_id "$id"; then refused "$id"
        elif [ "$(sha256 "files/$id")" != "$hash" ]; then echo "DAMAGED: $id" >&2; fi
      done
    fi

LFS objects belong into the repository:

    if [ "$FILES" = "$REPOSITORY/files" ]; then
      jq -r .id toc.ndjson | while read -r id; do
        if ! matches '[0-9a-f]{64}' "$id"; then refused "$id"; continue; fi
        place=repository.git/lfs/objects/$(printf '%s' "$id" | cut -c 1-2)/$(printf '%s' "$id" | cut -c 3-4)
        mkdir -p "$place" && cp "files/$id" "$place/"
      done
    fi
    rm -f entries.tmp details.tmp sealed.tmp segment.tmp segment.bundle line.tmp signature.tmp verify.tmp
`;

const layout = `
WHAT IS WHERE
-------------
README.txt           this page
log/                 the signed log, the only truth
log-pages/           copies of its entries for quick looks; not needed
data/RUN/            sealed objects: *.bundle.age are Git bundles, *.ndjson.gz.age lines of JSON,
  SHARD-NUMBER.*     *.json.gz.age states, *.tar.age and *.bin.age files
runs/                notes of backups that were under way
restores/            journals of restores
canary/              small objects that prove that a recovery key opens this vault
`;
