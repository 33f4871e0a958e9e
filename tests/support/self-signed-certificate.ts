import { createHash, generateKeyPairSync, randomBytes, sign } from "node:crypto";

/** PEM texts of a key made now and a certificate for it that it signed itself. */
export interface SelfSignedCertificate {
  readonly certificate: string;
  readonly privateKey: string;
  readonly publicKey: string;
  /** SHA-256 of the certificate's DER, base64url, as a JWT's `x5t#S256` has it. */
  readonly thumbprint: string;
}

const DAY_MS = 86_400_000;
const OID = {
  commonName: "0603550403",
  sha256WithRsa: "06092a864886f70d01010b",
  subjectAlternativeName: "0603551d11",
  basicConstraints: "0603551d13",
};

/** An RSA certificate for localhost and 127.0.0.1, written down in DER by hand: no tool has to be installed. */
export function selfSignedCertificate(commonName = "localhost"): SelfSignedCertificate {
  const { privateKey, publicKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const algorithm = sequence(hex(OID.sha256WithRsa), hex("0500"));
  const name = sequence(der(0x31, sequence(hex(OID.commonName), der(0x0c, Buffer.from(commonName)))));
  const facts = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))), // version 3
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    name,
    sequence(utcTime(new Date(Date.now() - DAY_MS)), utcTime(new Date(Date.now() + 30 * DAY_MS))),
    name,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(alternativeNames(), certificateAuthority())),
  );
  const signature = sign("sha256", facts, privateKey);
  const whole = sequence(facts, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  return {
    certificate: pem("CERTIFICATE", whole),
    privateKey: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
    publicKey: publicKey.export({ type: "spki", format: "pem" }).toString(),
    thumbprint: createHash("sha256").update(whole).digest("base64url"),
  };
}

function alternativeNames(): Buffer {
  const names = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
  return sequence(hex(OID.subjectAlternativeName), der(0x04, names));
}

function certificateAuthority(): Buffer {
  return sequence(hex(OID.basicConstraints), hex("0101ff"), der(0x04, sequence(hex("0101ff"))));
}

function sequence(...members: readonly Buffer[]): Buffer {
  return der(0x30, Buffer.concat(members));
}

function der(tag: number, content: Buffer): Buffer {
  const { length } = content;
  const size = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

function utcTime(date: Date): Buffer {
  return der(0x17, Buffer.from(`${date.toISOString().slice(2, 19).replace(/[-:T]/g, "")}Z`));
}

function hex(text: string): Buffer {
  return Buffer.from(text, "hex");
}

function pem(label: string, bytes: Buffer): string {
  const lines = bytes.toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
